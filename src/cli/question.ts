/** Asking the person at the terminal: one line, which for a passphrase is not shown. */
import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'

/** What is asked. */
export interface Question {
  readonly text: string
  readonly isHidden?: boolean
}

/** The line that was typed; undefined when there is nobody, or nothing more to read. */
export async function askOnTerminal({
  text,
  isHidden = false,
}: Question): Promise<string | undefined> {
  process.stderr.write(text)
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
  const isTerminal = process.stdin.isTTY
  const lines = createInterface({
    input: process.stdin,
    output: isHidden ? nowhere : process.stderr,
    terminal: isTerminal && isHidden,
  })
  const { promise, resolve } = Promise.withResolvers<string | undefined>()
  lines.once('line', (line) => resolve(line))
  lines.once('close', () => resolve(undefined))
  const line = await promise
  lines.close()
  if (isHidden) process.stderr.write('\n')
  return line?.trim()
}

/** Whether an answer means yes. */
export function isYes(answer: string | undefined): boolean {
  return /^y(?:es)?$/i.test(answer ?? '')
}
