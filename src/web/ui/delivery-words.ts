/** Delivery in the words of the language that is shown, and an icon for each stage. */
import type { Stage, Summary } from '#web/core/delivery.ts'
import type { Standing } from '#web/core/links.ts'
import { fields, list, text } from '#web/core/wire.ts'
import type { Store } from '#web/state/store.ts'
import { say, times } from '#web/words/words.ts'
import type { IconName } from './icons.tsx'

/** An icon for every stage. */
export const STAGE_ICONS: Readonly<Record<Stage, IconName>> = {
  'on this kit': 'kit',
  queued: 'clock',
  'left this kit': 'away',
  stored: 'stored',
  read: 'eye',
}

/** The name of another node; undefined for this one, and for one that is not known. */
export function nodeName(store: Store, id: string): string | undefined {
  const status = fields(store.status.value)
  const found = list(status.nodes)
    .map(fields)
    .find((node) => node.id === id)
  return found === undefined || found.isThisNode === true ? undefined : text(found.name)
}

/** Whether it waits on a node from which nobody takes it. */
export function isStranded(stage: Summary['stage'], { kind }: Standing): boolean {
  return kind !== 'in' && (stage === 'queued' || stage === 'on this kit')
}

/** One summary in words. */
export function wordsOf(summary: Summary, standing: Standing): string {
  const { stage, where, count, total, carrier } = summary
  if (isStranded(stage, standing) && total > 0)
    return say(standing.kind === 'out' ? 'stage.shutOut' : 'stage.turnedAway')
  switch (stage) {
    case 'read':
      return where === 'hub' ? say('stage.readHub') : say('stage.readSome', { n: count, total })
    case 'stored':
      return where === 'hub' ? say('stage.storedHub') : say('stage.storedSome', { n: count, total })
    case 'left this kit':
      return carrier === ''
        ? say('stage.left')
        : say('stage.leftBy', { carrier: carrierName(carrier) })
    case 'queued':
      return queuedWords(summary)
    case 'waiting':
      return say('stage.waiting')
    case 'refused':
      return say('stage.refused')
    case 'on this kit':
      return say('stage.kit')
  }
}

function queuedWords({ place, estimateMs }: Summary): string {
  if (estimateMs !== undefined) return say('stage.queuedFor', { span: times().span(estimateMs) })
  if (place !== undefined && place > 0) return say('stage.queuedBehind', { n: place })
  return say('stage.queued')
}

/** A carrier as people call it. */
export function carrierName(carrier: string): string {
  const kind = carrier.split(/[^a-z]/i)[0]?.toLowerCase() ?? ''
  switch (kind) {
    case 'lan':
      return say('carrier.lan')
    case 'nats':
      return say('carrier.nats')
    case 'sbd':
      return say('carrier.sbd')
    case 'courier':
      return say('carrier.courier')
    default:
      return carrier
  }
}
