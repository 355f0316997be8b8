/** Metrics as Prometheus reads them, by `prom-client`, which is loaded when somebody asks for the first time. */
import type { Metric } from '#app/gap-types.ts'

/** What the answer says that it is. */
export const EXPOSITION_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

/** All metrics in the text format, each with its help and its type; one without samples is left out. */
export async function expositionOf(metrics: readonly Metric[]): Promise<string> {
  const { Counter, Gauge, Registry } = await import('prom-client')
  const registry = new Registry()
  for (const { name, help, type, samples } of metrics) {
    if (samples.length === 0) continue
    const labelNames = [...new Set(samples.flatMap(({ labels }) => Object.keys(labels)))]
    const facts = { name, help, labelNames, registers: [registry] }
    if (type === 'gauge') {
      const gauge = new Gauge(facts)
      for (const { labels, value } of samples) gauge.set(labels, value)
    } else {
      const counter = new Counter(facts)
      for (const { labels, value } of samples) counter.inc(labels, value)
    }
  }
  return registry.metrics()
}
