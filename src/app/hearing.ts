/**
 * Who may hear what happens in a channel. With many listeners the same is asked again for each message, so an answer is
 * remembered until the directory has changed or a minute has passed: rules go by both, and by nothing else.
 */
import type { ChannelId, UserId } from '#base/ids.ts'
import type { Directory } from '#model/directory.ts'
import type { Attributes } from '#model/policy.ts'
import { mayRead, type AppContext } from './context.ts'
import type { Governing } from './policy-types.ts'

/** What was answered under some circumstances; gone with them. */
type Answers = WeakMap<Attributes, Map<ChannelId, Map<UserId, boolean>>>

/** Nothing asked yet. */
export function openHearing(context: AppContext): Governing['mayHear'] {
  const { sync, surroundings } = context
  let answers: Answers = new WeakMap()
  let directory: Directory | undefined
  let [version, minute] = [0, 0]
  const forgetOld = (): void => {
    const now = sync.directory()
    const [nowVersion, nowMinute] = [now.version(), surroundings?.minute() ?? 0]
    if (now === directory && nowVersion === version && nowMinute === minute) return
    answers = new WeakMap()
    directory = now
    version = nowVersion
    minute = nowMinute
  }
  return (person, channel, told) => {
    forgetOld()
    const known = within(answers, told, channel)
    const remembered = known.get(person)
    if (remembered !== undefined) return remembered
    const environment = surroundings?.with(told) ?? told
    const answer = mayRead(context, person, { channel, environment })
    known.set(person, answer)
    return answer
  }
}

function within(answers: Answers, told: Attributes, channel: ChannelId): Map<UserId, boolean> {
  const ofTold = answers.get(told) ?? new Map<ChannelId, Map<UserId, boolean>>()
  answers.set(told, ofTold)
  const ofChannel = ofTold.get(channel) ?? new Map<UserId, boolean>()
  ofTold.set(channel, ofChannel)
  return ofChannel
}
