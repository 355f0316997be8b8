/** What came of something that was asked of the node, told to whoever asked. */
import type { Answer } from '#web/core/client.ts'
import { say } from '#web/words/words.ts'
import { tell } from './context.ts'

/** Says what came of a question; whether it was done. */
export function toldOutcome(answer: Answer, done?: string): boolean {
  if (answer.kind === 'ok') {
    if (done !== undefined) tell(done)
    return true
  }
  tell(reasonOf(answer))
  return false
}

/** Why something was not done. */
export function reasonOf(answer: Exclude<Answer, { readonly kind: 'ok' }>): string {
  return (answer.kind === 'refused' && answer.reason) || say('failed.away')
}
