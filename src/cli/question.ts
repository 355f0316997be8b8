/** Asking the person at the terminal: one line, which for a passphrase is not shown. */
import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import { EdgeError } from '#base/errors.ts'
import type { Surroundings } from './terminal.ts'

/** What is asked. */
export interface Question {
  readonly text: string
  readonly isHidden?: boolean
  /** Gives up the question. */
  readonly signal?: AbortSignal
}

/** Whether there is a terminal to ask at. */
export function hasTerminal(): boolean {
  return process.stdin.isTTY
}

/**
 * The line that was typed; undefined when there is nobody, nothing more to read, or the person gives up with Ctrl-C or
 * Ctrl-D. A hidden line is given as it was typed, any other without the blanks around it.
 */
export async function askOnTerminal({
  text,
  isHidden = false,
  signal,
}: Question): Promise<string | undefined> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
  const lines = createInterface({
    input: process.stdin,
    output: isHidden ? nowhere : process.stderr,
    terminal: hasTerminal() && isHidden,
    ...(signal && { signal }),
  })
  process.stderr.write(text) // not before the terminal has stopped to show what is typed
  const { promise, resolve } = Promise.withResolvers<string | undefined>()
  lines.once('line', resolve)
  const giveUp = (): void => resolve(undefined)
  lines.once('close', giveUp)
  lines.once('SIGINT', giveUp)
  const line = await promise
  lines.close()
  if (isHidden) process.stderr.write('\n')
  return isHidden ? line : line?.trim()
}

/**
 * A passphrase from the person at the terminal; undefined when they give up.
 * @throws EdgeError INPUT_INVALID when there is no terminal
 */
export async function askHidden(
  text: string,
  { terminal, signal }: Pick<Surroundings, 'terminal' | 'signal'>,
): Promise<string | undefined> {
  if (hasTerminal() && terminal.ask) return terminal.ask({ text, isHidden: true, signal })
  throw new EdgeError('INPUT_INVALID', {
    field: 'passphrase',
    found: 'no terminal to ask at',
    wanted: 'one, or --passphrase-file',
  })
}

/** Whether an answer means yes. */
export function isYes(answer: string | undefined): boolean {
  return /^y(?:es)?$/i.test(answer ?? '')
}
