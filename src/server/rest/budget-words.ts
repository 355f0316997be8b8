/** What links may still spend, in words for whoever asks by `/budget`. */
import { durationText } from '#app/delivery-words.ts'
import type { BudgetState, CarrierPlan, Price } from '#app/plan-types.ts'
import type { Instant } from '#base/ids.ts'

type Planned = Pick<CarrierPlan, 'carrier' | 'peer' | 'currency' | 'budget'>

/** A line for each link whose use is billed. Each budget is told once, whoever it leads to. */
export function budgetText(plans: readonly Planned[], now: Instant): string {
  if (plans.length === 0)
    return 'No link of this node is billed: links carry what they can, the most urgent first.'
  const lines = plans.map(({ carrier, currency, budget }) => {
    if (budget === undefined) return `- ${carrier}: billed, without a limit`
    return `- ${carrier}: ${budgetLine(budget, currency, now)}`
  })
  return [...new Set(lines)].join('\n')
}

function budgetLine(budget: BudgetState, currency: string, now: Instant): string {
  const { spent, left, leftForFlash, percent, endsAt } = budget
  const flash = amountText(leftForFlash, currency)
  return [
    `spent ${amountText(spent, currency)}, ${percent} % of what it may`,
    `left ${amountText(left, currency)}`,
    ...(flash === NOTHING_LIMITED ? [] : [`for flash messages ${flash}`]),
    `anew in ${durationText(Math.max(0, endsAt - now))}`,
  ].join('; ')
}

const NOTHING_LIMITED = 'as much as is wanted'

/** What of it is counted: bytes, airtime and money, those that have a limit. */
function amountText(
  { bytes, seconds, money }: { readonly [K in keyof Price]: number | undefined },
  currency: string,
): string {
  const parts = [
    ...(bytes === undefined ? [] : [`${Math.round(bytes)} B`]),
    ...(seconds === undefined ? [] : [`${Math.round(seconds)} s`]),
    ...(money === undefined ? [] : [`${money.toFixed(2)} ${currency}`]),
  ]
  return parts.join(', ') || NOTHING_LIMITED
}
