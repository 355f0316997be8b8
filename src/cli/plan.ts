/** `holdfast plan` and `holdfast costs`: what would leave tonight for how much, and what was spent. */
import type { CarrierPlan, CostRow, PlannedPart, Price } from '#app/plan-types.ts'
import { LANES } from '#model/precedence.ts'
import { durationText } from '#app/delivery-words.ts'
import { findLocalNode } from './local-node.ts'
import {
  table,
  when,
  writeJson,
  writeLines,
  type CommonOptions,
  type Surroundings,
} from './terminal.ts'

/** What `plan` may be told. */
export interface PlanOptions extends CommonOptions {
  readonly carrier?: string
  /** `18:30,20` or `now,20`: from when on (UTC), and for how many minutes. */
  readonly window?: string
}

/** What `costs` may be told. */
export interface CostsOptions extends CommonOptions {
  readonly csv?: true
}

/** What `budget` may be told. */
export interface BudgetOptions extends CommonOptions {
  readonly bytes?: string
  readonly minutes?: string
  readonly money?: string
  readonly reason?: string
}

/** Rehearses what waits. */
export async function plan(options: PlanOptions, surroundings: Surroundings): Promise<void> {
  const { terminal } = surroundings
  const { ask } = await findLocalNode(options.data, surroundings)
  const plans = (await ask(
    'GET',
    `/api/holdfast/v1/plan${queryOf(options)}`,
  )) as readonly CarrierPlan[]
  if (options.json) return writeJson(terminal, plans)
  if (plans.length === 0)
    return writeLines(terminal, [
      'No link of this node is billed: what waits goes as soon as it can.',
    ])
  writeLines(terminal, plans.flatMap(linesOf))
}

/** Shows what was spent. */
export async function costs(options: CostsOptions, surroundings: Surroundings): Promise<void> {
  const { terminal } = surroundings
  const { ask } = await findLocalNode(options.data, surroundings)
  const rows = (await ask('GET', '/api/holdfast/v1/costs')) as readonly CostRow[]
  if (options.json) return writeJson(terminal, rows)
  if (rows.length === 0) return writeLines(terminal, ['Nothing was spent yet.'])
  const head = ['day', 'carrier', 'link', 'sessions', 'parcels', 'bytes', 'seconds', 'money', '']
  const lines = rows.map((row) => [
    row.day,
    row.carrier,
    row.link,
    ...[row.sessions, row.parcels, row.bytes, row.seconds, row.money].map(String),
    row.currency,
  ])
  if (options.csv === true)
    return writeLines(
      terminal,
      [[...head.slice(0, -1), 'currency'], ...lines].map((line) => line.join(',')),
    )
  writeLines(terminal, table([head, ...lines]))
}

/** Lets a link cost more in the window at hand. */
export async function budget(
  carrier: string,
  options: BudgetOptions,
  surroundings: Surroundings,
): Promise<void> {
  const { ask } = await findLocalNode(options.data, surroundings)
  const { bytes = '0', minutes = '0', money = '0', reason = '' } = options
  const more = { bytes: Number(bytes), seconds: Number(minutes) * 60, money: Number(money), reason }
  await ask('POST', `/api/holdfast/v1/budgets/${encodeURIComponent(carrier)}/raise`, more)
  writeLines(surroundings.terminal, [`${carrier} may spend that much more until its window ends.`])
}

function queryOf({ carrier, window }: PlanOptions): string {
  const [at = '', minutes] = window?.split(',') ?? []
  const parts = {
    ...(carrier !== undefined && { carrier }),
    ...(at !== '' && at !== 'now' && { at }),
    ...(minutes !== undefined && { minutes }),
  }
  const query = new URLSearchParams(parts).toString()
  return query === '' ? '' : `?${query}`
}

function linesOf(one: CarrierPlan): readonly string[] {
  const { carrier, peer, link, currency, isUp, budget: state, clears, seconds, until } = one
  const head = `${carrier} to ${peer}, by ${link}${isUp ? ', open now' : ''}`
  const waits = LANES.filter((lane) => one.waits[lane] > 0).map(
    (lane) => `${one.waits[lane]} ${lane}`,
  )
  const total = `${amount(one.price, currency)} in about ${durationText(seconds * 1_000)}`
  return [
    head,
    ...(state === undefined
      ? []
      : [`  spent ${state.percent} % of the budget until ${when(state.endsAt)}`]),
    ...(clears.length === 0 ? ['  nothing would leave'] : [`  would leave: ${total}`]),
    ...table(clears.map(partLine)),
    ...(one.isCutShort ? ['  and more, which was not looked at'] : []),
    ...(waits.length === 0
      ? []
      : [
          `  waits: ${waits.join(', ')}${until === undefined ? '' : `, for the budget from ${when(until)}`}`,
        ]),
  ]
}

function partLine({ lane, channel, changes, parcels, bytes }: PlannedPart): readonly string[] {
  return [`  ${lane}`, channel ?? '', `${changes} in ${parcels}`, `${bytes} B`]
}

function amount({ bytes, money }: Price, currency: string): string {
  return money === 0 ? `${bytes} B` : `${bytes} B for ${money.toFixed(2)} ${currency}`
}
