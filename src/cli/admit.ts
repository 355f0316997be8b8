/** `holdfast admit`: answers a request to join that came in a file, for nodes with no network between them. */
import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { PUBLIC_MODE, writeFileWhole } from '#config/files.ts'
import { fingerprintOf } from '#trust/join-message.ts'
import { armour, unarmour } from './armour.ts'
import { insistOnFingerprint } from './fingerprint.ts'
import { findLocalNode } from './local-node.ts'
import { table, writeJson, writeLines, type CommonOptions, type Surroundings } from './terminal.ts'

/** What `admit` may be told. */
export interface AdmitOptions extends CommonOptions {
  /** Where the answer goes. */
  readonly out: string
  /** The fingerprint of the request, as the other end told it. */
  readonly fingerprint?: string
}

const Answer = z.object({
  answer: z.base64(),
  name: z.string(),
  role: z.string(),
  fingerprint: z.string(),
})

/** Runs the command. */
export async function admit(
  file: string,
  options: AdmitOptions,
  surroundings: Surroundings,
): Promise<void> {
  const { terminal } = surroundings
  const { ask } = await findLocalNode(options.data, surroundings)
  const request = unarmour('JOIN REQUEST', await readFile(file, 'utf8'))
  const asked = { what: 'request', fingerprint: fingerprintOf(request), given: options.fingerprint }
  await insistOnFingerprint(asked, file, surroundings)
  const body = { request: Buffer.from(request).toString('base64') }
  const admitted = Answer.parse(await ask('POST', '/api/holdfast/v1/admissions', body))
  const { name, role, fingerprint } = admitted
  const bytes = new Uint8Array(Buffer.from(admitted.answer, 'base64'))
  await writeFileWhole(options.out, armour('JOIN ANSWER', bytes), PUBLIC_MODE)
  if (options.json) return writeJson(terminal, { file: options.out, name, role, fingerprint })
  writeLines(terminal, [
    `${name} (${role}) is let in. The answer is in ${options.out}, sealed for that node alone.`,
    ...table([['Fingerprint', fingerprint]]),
    '',
    'Read it to the other end, who runs: holdfast join --answer FILE',
  ])
}
