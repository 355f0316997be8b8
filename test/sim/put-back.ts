/**
 * Disks that are put back to an older image, of kits, of headquarters and of the post office: by somebody who copies files, which
 * the program sees at its next start, or as a whole, which only others can tell it.
 */
import type { Chance } from './chance.ts'
import type { PutBack } from './image.ts'
import { often, type Scene } from './scene.ts'
import type { Member } from './fleet.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
/** How likely it is that a disk is put back at all in a run. */
const PROBABILITY = 0.5
const WHOLE_PROBABILITY = 0.4
const DOWN_MS_MAX = 10 * MINUTE_MS
const OFFICE_AGE_MS_MAX = HOUR_MS

/** Puts some disks back in the hours with faults. */
export function putDisksBack(scene: Scene, chance: Chance, hours: number): void {
  const { members, topology } = scene.stage
  for (const member of members) {
    const own = chance.fork(member.name)
    if (own.happens(PROBABILITY)) putOneBack(scene, own, { member, lengthMs: hours * HOUR_MS })
  }
  if (topology.post.length > 0) putOfficeBack(scene, chance.fork('office'))
}

function putOneBack(
  { stage, phase }: Scene,
  chance: Chance,
  { member, lengthMs }: { readonly member: Member; readonly lengthMs: number },
): void {
  const { timeline, fleet, marks, trace, members } = stage
  const takenMs = chance.between(0, lengthMs * 0.7)
  const backMs = chance.between(MINUTE_MS, lengthMs - takenMs)
  const take = (): PutBack | undefined => {
    if (member.people.length === 0) return undefined
    trace.note(member.name, 'an image is taken')
    return stage.takeImage(member)
  }
  timeline.after(
    takenMs,
    () => {
      const putBack = take()
      if (putBack === undefined) return
      timeline.after(
        backMs,
        () => {
          // Headquarters may be the only one to have heard who is out.
          const isBad = members.some(({ capturedAt }) => capturedAt !== undefined)
          if (member.capturedAt !== undefined || (isBad && member.index === 0)) return
          const isWhole = chance.happens(WHOLE_PROBABILITY)
          fleet.cutPower(member)
          trace.note(member.name, isWhole ? 'its whole disk is put back' : 'its files are put back')
          marks.count(isWhole ? 'put-back.whole' : 'put-back.files')
          putBack(isWhole ? undefined : chance.bytes(4))
          timeline.after(chance.between(500, DOWN_MS_MAX), () => fleet.switchOn(member))
        },
        phase,
      )
    },
    phase,
  )
}

/** As if its power had failed, and what it stored in the last hour, or less, were not there. */
function putOfficeBack(scene: Scene, chance: Chance): void {
  const { post, marks } = scene.stage
  often(
    scene,
    () => chance.between(20 * MINUTE_MS, 6 * HOUR_MS),
    () => {
      marks.count('put-back.office')
      post.failPower(
        chance.between(1_000, DOWN_MS_MAX),
        chance.between(MINUTE_MS, OFFICE_AGE_MS_MAX),
      )
    },
  )
}
