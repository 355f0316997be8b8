/**
 * Who may hear what happens in a channel. With many listeners the same is asked again for each message, so an answer is
 * remembered until the directory has changed or a minute has passed: rules go by both, and by nothing else.
 */
import type { ChannelId, UserId } from '#base/ids.ts'
import type { Directory } from '#model/directory.ts'
import type { Attributes } from '#model/policy.ts'
import { mayRead, type AppContext } from './context.ts'
import type { Governing } from './policy-types.ts'

/** What was answered in one channel, for each of the circumstances that streams began with. */
type Answers = Map<Attributes, Map<UserId, boolean>>

/** Nothing asked yet. */
export function openHearing(context: AppContext): Governing['whoMayHear'] {
  const { sync, surroundings } = context
  const channels = new Map<ChannelId, Answers>()
  let directory: Directory | undefined
  let [version, minute] = [0, 0]
  const forgetOld = (): void => {
    const now = sync.directory()
    const [nowVersion, nowMinute] = [now.version(), surroundings?.minute() ?? 0]
    if (now === directory && nowVersion === version && nowMinute === minute) return
    channels.clear()
    directory = now
    version = nowVersion
    minute = nowMinute
  }
  return (channel) => {
    forgetOld()
    const answers: Answers = channels.get(channel) ?? new Map<Attributes, Map<UserId, boolean>>()
    channels.set(channel, answers)
    return (person, told) => {
      const known = answers.get(told) ?? new Map<UserId, boolean>()
      const remembered = known.get(person)
      if (remembered !== undefined) return remembered
      const environment = surroundings?.with(told) ?? told
      const answer = mayRead(context, person, { channel, environment })
      answers.set(told, known.set(person, answer))
      return answer
    }
  }
}
