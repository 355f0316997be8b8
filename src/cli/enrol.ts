/** `holdfast enrol`: makes an account for one more person on the running node. */
import { z } from 'zod'
import { newPassword } from './enrolment.ts'
import { findLocalNode } from './local-node.ts'
import { table, writeJson, writeLines, type CommonOptions, type Surroundings } from './terminal.ts'

/** Who gets an account. */
export interface Newcomer {
  readonly username: string
  /** What others see; the username when empty. */
  readonly displayName: readonly string[]
}

const Answer = z.object({ id: z.string(), username: z.string() })

/** Runs the command. The password is shown here and nowhere else. */
export async function enrol(
  { username, displayName }: Newcomer,
  options: CommonOptions,
  surroundings: Surroundings,
): Promise<void> {
  const { terminal, random } = surroundings
  const { ask } = await findLocalNode(options.data, surroundings)
  const password = newPassword(random)
  const body = { username, password, first_name: displayName.join(' ') }
  const answer = Answer.parse(await ask('POST', '/api/v4/users', body))
  if (options.json) return writeJson(terminal, { ...answer, password })
  writeLines(
    terminal,
    table([
      ['Username', answer.username],
      ['Password', `${password}   shown only now: note it down`],
    ]),
  )
}
