/** What links that are billed have left of their budget, what would leave now, and what waits. */
import type { VNode } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { plansFrom, type Plan } from '#web/core/plan.ts'
import { valueOf } from '#web/state/loading.ts'
import { say, times } from '#web/words/words.ts'
import { useApp } from './context.ts'
import { carrierName } from './delivery-words.ts'

const EVERY_MS = 60_000

/** A card for each; nothing where no link is billed. */
export function Costs(): VNode | null {
  const app = useApp()
  const [plans, setPlans] = useState<readonly Plan[]>([])
  useEffect(() => {
    const load = async (): Promise<void> =>
      setPlans(plansFrom(valueOf(await app.ask('GET', '/api/holdfast/v1/plan'))))
    void load()
    const timer = setInterval(() => void load(), EVERY_MS)
    return () => clearInterval(timer)
  }, [app])
  if (plans.length === 0) return null
  return (
    <section class="card">
      <h2>{say('cost.title')}</h2>
      {plans.map((plan) => (
        <CostLine key={`${plan.carrier} ${plan.peer}`} plan={plan} />
      ))}
    </section>
  )
}

function CostLine({ plan }: { readonly plan: Plan }): VNode {
  const { carrier, peer, percent, leaves, bytes, money, currency, ms, waits, until } = plan
  const now = Date.now()
  const price = `${times().number(Math.round(money * 100) / 100)} ${currency}`
  return (
    <div class="cost">
      <h3>
        <span dir="auto">{peer}</span> <span class="tag">{carrierName(carrier)}</span>
      </h3>
      {percent !== undefined && (
        <p>
          <meter min={0} max={100} high={80} value={percent} />{' '}
          {say('cost.spent', {
            percent: times().number(percent),
            when: times().moment(plan.endsAt, now),
          })}
        </p>
      )}
      <p class="quiet">
        {leaves === 0
          ? say('cost.nothing')
          : say('cost.leaves', {
              n: leaves,
              bytes: times().bytes(bytes),
              price,
              span: times().span(ms),
            })}
      </p>
      {waits > 0 && (
        <p>
          {until === undefined
            ? say('cost.waits', { n: waits })
            : say('cost.waitsUntil', { n: waits, when: times().moment(until, now) })}
        </p>
      )}
    </div>
  )
}
