/**
 * What people do, drawn from the seed: they write, reply, correct, delete, react, send again what they heard no answer
 * to (also much later), open channels, join and leave them, and look. They do it on every node, link or no link.
 */
import { codeOf } from '#base/errors.ts'
import type { Chance } from './chance.ts'
import { DEEDS, type Deed } from './deeds.ts'
import type { Member } from './fleet.ts'
import { settle } from './settle.ts'
import type { Question, Society } from './society.ts'

/** Lets somebody on `member` do something: one of what people do, unless `deed` says what. Nothing while the node is off. */
export function actOnce(society: Society, member: Member, chance: Chance, deed?: Deed): void {
  const { boot } = member
  const node = boot?.node
  if (boot === undefined || node === undefined) {
    society.marks.count('people.found-it-off')
    return
  }
  if (member.people.length === 0) {
    society.trace.note(member.name, 'somebody sets it up')
    void judged(society, { member, boot, what: 'sets it up' }, settle(member, chance))
    return
  }
  const self = chance.pick(member.people)
  const { words, act } = deed ?? chance.pick(URN)
  society.trace.note(member.name, `somebody ${words}`)
  const actor = { society, member, boot, node, self, chance }
  void judged(society, { member, boot, what: words }, act(actor))
}

/** Refusals that a person may meet without anybody being wrong. */
const FAIR: ReadonlySet<string> = new Set([
  'STORE_FULL',
  'NOT_FOUND',
  'NOT_ALLOWED',
  'ALREADY_EXISTS',
  'TOO_MANY_REQUESTS',
  'STOPPING',
])

/** Every deed as often as it weighs. */
const URN = DEEDS.flatMap((deed) => Array.from({ length: deed.weight }, () => deed))

/** Waits for an answer and judges it: a refusal may be fair, anything else that is thrown is not. */
export async function judged(
  { verdict, trace, marks, asked }: Society,
  question: Question,
  act: Promise<void>,
): Promise<void> {
  const { member, boot, what } = question
  asked.add(question)
  try {
    await act
  } catch (error) {
    if (!boot.life.isAlive()) return
    const code = codeOf(error) ?? 'none'
    trace.note(member.name, `somebody ${what}, refused`, { code })
    marks.count(`refused.${code}`)
    if (FAIR.has(code)) return
    const found = error instanceof Error ? (error.stack ?? error.message) : String(error)
    verdict.fail({ broken: 'no such error', where: member.name, wanted: `somebody ${what}`, found })
  } finally {
    asked.delete(question)
  }
}
