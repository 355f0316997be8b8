/** The word that a running node leaves in its data folder, so that the command line on this machine finds it. */
import { rm } from 'node:fs/promises'
import { layoutOf } from './layout.ts'
import { PUBLIC_MODE, readText, SECRET_MODE, writeFileWhole } from './files.ts'
import { parseJson } from './json.ts'

/** Where the running node can be asked. */
export interface RunNote {
  readonly process: number
  /** What it listens on: an address of this machine, `0.0.0.0` or `::` for all. */
  readonly host: string
  readonly port: number
}

/** Leaves word for the command line on this machine. */
export async function writeRunNote(path: string, note: RunNote, token: string): Promise<void> {
  const layout = layoutOf(path)
  await writeFileWhole(layout.operatorToken, token, SECRET_MODE)
  await writeFileWhole(layout.run, `${JSON.stringify(note)}\n`, PUBLIC_MODE)
}

/** The word that a running node left, or undefined. A node that was killed leaves it, too. */
export async function readRunNote(
  path: string,
): Promise<(RunNote & { readonly token: string }) | undefined> {
  const layout = layoutOf(path)
  const text = await readText(layout.run)
  const token = await readText(layout.operatorToken)
  if (text === undefined || token === undefined) return undefined
  const parsed = parseJson(text)
  const note = noteOf(parsed.ok ? parsed.value : undefined)
  return note && { ...note, token: token.trim() }
}

/** By hand, not by a schema: every command reads this first, and a library of schemas takes longer to load than all else it needs. */
function noteOf(value: unknown): RunNote | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { process, host, port, ...others } = value as Readonly<Record<string, unknown>>
  const isWhole = typeof host === 'string' && host !== '' && Object.keys(others).length === 0
  return isWhole && isCount(process) && isCount(port) ? { process, host, port } : undefined
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0
}

/** Takes the word back when the node stops. */
export async function removeRunNote(path: string): Promise<void> {
  const layout = layoutOf(path)
  await rm(layout.run, { force: true })
  await rm(layout.operatorToken, { force: true })
}

/** This machine's own way to the node. */
export function localUrl({ host, port }: Pick<RunNote, 'host' | 'port'>): string {
  return `http://${place(host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host, port)}`
}

/** `host:port`, with an IPv6 address in brackets. */
export function place(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
