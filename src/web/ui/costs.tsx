/** What links that are billed have left of their budget, and the rehearsal: what would leave now, for how much, and what waits. */
import type { VNode } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { LANES } from '#model/precedence.ts'
import { total } from '#web/core/links.ts'
import { barOf, plansFrom, type Plan } from '#web/core/plan.ts'
import { valueOf } from '#web/state/loading.ts'
import { say, times } from '#web/words/words.ts'
import { useApp } from './context.ts'
import { carrierName } from './delivery-words.ts'
import { Icon } from './icons.tsx'
import { LaneBars } from './pictures.tsx'

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
  const { carrier, peer, link, isUp, opensAt } = plan
  const now = Date.now()
  return (
    <div class="cost">
      <header>
        <strong dir="auto">{peer}</strong>
        <span class="tag">{link || carrierName(carrier)}</span>
        <span class="quiet">
          {isUp
            ? say('cost.open')
            : opensAt <= now
              ? say('cost.down')
              : say('cost.opens', { time: times().moment(opensAt, now) })}
        </span>
      </header>
      <RehearsalBar plan={plan} />
      <ul class="rehearsal">
        {leavesWords(plan).map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
      <Waits plan={plan} />
    </div>
  )
}

/** What is spent of the budget, what would leave now by precedence, and what is free. */
function RehearsalBar({ plan }: { readonly plan: Plan }): VNode {
  const parts = barOf(plan)
  let from = 0
  const label = [budgetWords(plan), ...leavesWords(plan)].join(' ')
  return (
    <figure class="budget-bar">
      <svg viewBox="0 0 100 10" preserveAspectRatio="none" role="img" aria-label={label}>
        <rect class="bar-ground" width="100" height="10" />
        {parts.map(({ of, percent }) => {
          const x = from
          from += percent
          return (
            <rect
              key={of}
              class={of === 'spent' ? 'bar-spent' : 'bar'}
              data-lane={of}
              x={x}
              width={Math.max(0.6, percent)}
              height="10"
            />
          )
        })}
      </svg>
      <figcaption>
        {plan.percent !== undefined && (
          <span class="key">
            <i class="key-spent" />
            {budgetWords(plan)}
          </span>
        )}
        {LANES.filter((lane) => plan.clears[lane] > 0).map((lane) => (
          <span class="key" key={lane} data-lane={lane}>
            <i />
            {say(`lane.${lane}`)} {times().bytes(plan.clears[lane])}
          </span>
        ))}
      </figcaption>
    </figure>
  )
}

function budgetWords({ percent, endsAt }: Plan): string {
  if (percent === undefined) return say('cost.unlimited')
  const when = times().moment(endsAt, Date.now())
  return say('cost.spent', { percent: times().number(percent), when })
}

function leavesWords(plan: Plan): readonly string[] {
  const { leaves, bytes, money, currency, ms, isCutShort } = plan
  if (leaves === 0) return [say('cost.nothing')]
  const price = times().money(money, currency)
  const sums = { n: leaves, bytes: times().bytes(bytes), price, span: times().span(ms) }
  return [say('cost.leaves', sums), ...(isCutShort ? [say('cost.more')] : [])]
}

function Waits({ plan: { waits, until } }: { readonly plan: Plan }): VNode | null {
  const n = total(waits)
  if (n === 0) return null
  return (
    <>
      <h3 class="with-icon">
        <Icon name="clock" />
        {until === undefined
          ? say('cost.waits', { n })
          : say('cost.waitsUntil', { n, when: times().moment(until, Date.now()) })}
      </h3>
      <LaneBars lanes={waits} max={Math.max(...LANES.map((lane) => waits[lane]))} />
    </>
  )
}
