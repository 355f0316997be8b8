/** `holdfast pace`: by which letter channels' messages go, why, and what proves that each works; one by hand; and drills. */
import { durationText } from '#app/delivery-words.ts'
import type { PacedCarrier, PacedLetter, PacedRule } from '#app/pace-types.ts'
import { findLocalNode } from './local-node.ts'
import { when, writeJson, writeLines, type CommonOptions, type Surroundings } from './terminal.ts'

const AT = '/api/holdfast/v1/pace'

/** Options of `pace set`. */
export interface SetOptions extends CommonOptions {
  readonly minutes?: string
  readonly reason?: string
}

/** Options of `pace drill`. */
export interface DrillOptions extends CommonOptions {
  readonly rule?: string
  readonly letter?: string
}

/** Which letter of each rule stands, and why. */
export async function paceStatus(
  options: CommonOptions,
  surroundings: Surroundings,
): Promise<void> {
  const { terminal } = surroundings
  const { ask } = await findLocalNode(options.data, surroundings)
  const rules = (await ask('GET', AT)) as readonly PacedRule[]
  if (options.json) return writeJson(terminal, rules)
  if (rules.length === 0)
    return writeLines(terminal, ['No rules: everything goes by whatever carrier is there.'])
  writeLines(terminal, rules.flatMap(linesOf))
}

/** Chooses a letter by hand, or lets the links decide again. */
export async function paceSet(
  asked: { readonly rule: string; readonly letter: string; readonly options: SetOptions },
  surroundings: Surroundings,
): Promise<void> {
  const { rule, letter, options } = asked
  const { ask } = await findLocalNode(options.data, surroundings)
  const { minutes, reason = '' } = options
  const isAuto = letter === 'auto'
  await ask('PUT', `${AT}/${encodeURIComponent(rule)}`, {
    ...(!isAuto && { letter: letter.toUpperCase() }),
    ...(minutes !== undefined && { minutes: Number(minutes) }),
    reason,
  })
  const said = isAuto ? 'the links decide again' : `${letter.toUpperCase()} stands by hand`
  writeLines(surroundings.terminal, [`${rule}: ${said}.`])
}

/** Sends probes. */
export async function paceDrill(options: DrillOptions, surroundings: Surroundings): Promise<void> {
  const { terminal } = surroundings
  const { ask } = await findLocalNode(options.data, surroundings)
  const { rule, letter } = options
  const body = { ...(rule && { rule }), ...(letter && { letter: letter.toUpperCase() }) }
  const { carriers } = (await ask('POST', `${AT}/drill`, body)) as {
    readonly carriers: readonly string[]
  }
  if (options.json) return writeJson(terminal, { carriers })
  writeLines(
    terminal,
    carriers.length === 0
      ? ['Nothing to drill: a stick is proved by carrying it.']
      : [`Drilling ${carriers.join(', ')}. \`holdfast pace status\` shows the answers.`],
  )
}

function linesOf(rule: PacedRule): readonly string[] {
  const { name, channels, letter, why, since, hand, returnsAt, letters } = rule
  const about = channels === undefined ? '' : ` for ${channels.join(', ')}`
  const until = hand?.until === undefined ? '' : ` until ${when(hand.until)}`
  const reason = hand === undefined ? '' : `: ${hand.reason}`
  return [
    `${name}${about}: ${letter} since ${when(since)} (${why}${until}${reason})`,
    ...(returnsAt === undefined
      ? []
      : [`  goes back to a better one ${when(returnsAt)}, if it holds`]),
    ...letters.flatMap(letterLines),
  ]
}

function letterLines(one: PacedLetter): readonly string[] {
  const { letter, isCurrent, fault, lanes, isByHand, carriers } = one
  const all = lanes.length === 4 ? '' : `, only ${lanes.join(', ')}`
  const byHand = isByHand ? ', only by hand' : ''
  const state = fault === undefined ? 'fit' : fault
  return [
    `  ${isCurrent ? '*' : ' '} ${letter}: ${state}${all}${byHand}`,
    ...carriers.map((carrier) => `      ${carrierLine(carrier)}`),
  ]
}

function carrierLine(carrier: PacedCarrier): string {
  const { name, state, proof, isStale, drillSince, lastDrill } = carrier
  const worked =
    proof === undefined ? 'never proved' : `worked ${when(proof.at)} (${proof.by}, ${proof.answer})`
  const old = isStale && proof !== undefined ? ', more than a week ago' : ''
  const isFailed = lastDrill !== undefined && lastDrill.outcome !== 'worked'
  const failed = isFailed ? `, drill failed ${when(lastDrill.endedAt)}: ${lastDrill.outcome}` : ''
  const tookMs = lastDrill === undefined ? 0 : lastDrill.endedAt - lastDrill.askedAt
  const took = lastDrill?.outcome === 'worked' ? `, drill took ${durationText(tookMs)}` : ''
  const running = drillSince === undefined ? '' : ', drill under way'
  return `${name} ${state}, ${worked}${old}${failed}${took}${running}`
}
