/** Reads a line from the terminal without showing it. */
import { EdgeError } from '#base/errors.ts'
import type { Surroundings } from './terminal.ts'

/** Whether there is a terminal to ask at. */
export function hasTerminal(): boolean {
  return process.stdin.isTTY
}

/**
 * What was typed until Enter; undefined when `signal` aborts first or the person gives up with Ctrl-C or Ctrl-D.
 * @throws EdgeError INPUT_INVALID when there is no terminal
 */
export async function askHidden(
  prompt: string,
  { terminal, signal }: Pick<Surroundings, 'terminal' | 'signal'>,
): Promise<string | undefined> {
  if (!hasTerminal())
    throw new EdgeError('INPUT_INVALID', {
      field: 'passphrase',
      found: 'no terminal to ask at',
      wanted: 'one, or --passphrase-file',
    })
  terminal.error(prompt)
  const { stdin } = process
  const { promise, resolve } = Promise.withResolvers<string | undefined>()
  let typed = ''
  const take = (chunk: Buffer): void => {
    for (const character of chunk.toString('utf8')) {
      if (character === '\r' || character === '\n') return resolve(typed)
      if (character === '\u0003' || character === '\u0004') return resolve(undefined)
      typed = character === '\u007f' ? typed.slice(0, -1) : typed + character
    }
  }
  const giveUp = (): void => resolve(undefined)
  stdin.setRawMode(true)
  stdin.resume()
  stdin.on('data', take)
  signal.addEventListener('abort', giveUp, { once: true })
  try {
    return await promise
  } finally {
    signal.removeEventListener('abort', giveUp)
    stdin.off('data', take)
    stdin.setRawMode(false)
    stdin.pause()
    terminal.error('\n')
  }
}
