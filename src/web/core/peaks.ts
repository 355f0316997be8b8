/** The shape of a sound: its loudest moments, one for each bar of a picture. */

/** `count` numbers from 0 to 1: the loudest sample of each part, the loudest of all being 1. Silence is all 0. */
export function peaksOf(samples: Float32Array, count: number): readonly number[] {
  const step = Math.max(1, samples.length / count)
  const peaks = Array.from({ length: count }, (_, bar) => {
    let peak = 0
    const end = Math.min(samples.length, Math.floor((bar + 1) * step))
    for (let at = Math.floor(bar * step); at < end; at += 1)
      peak = Math.max(peak, Math.abs(samples[at] ?? 0))
    return peak
  })
  const loudest = Math.max(...peaks)
  return peaks.map((peak) => (loudest === 0 ? 0 : peak / loudest))
}
