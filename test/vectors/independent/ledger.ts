/** Which vectors there are, who opens each, and what nobody opens. */
import { readFileSync, readdirSync } from 'node:fs'

/**
 * Works a case out again from what the page says, and returns all of it: what comes back must equal the case, so a field
 * that nobody works out fails as well.
 */
export type Opener = (value: never) => unknown

/** By place in the file, `*` for any name or index: an opener, or `given` for what the others start from. */
export type Openers = Readonly<Record<string, Opener | 'given'>>

export interface Case {
  readonly path: string
  readonly value: unknown
  readonly opener: Opener | 'given' | undefined
}

const FOLDER = new URL('../', import.meta.url)

/** All files of vectors. */
export function vectorFiles(): readonly string[] {
  return readdirSync(FOLDER)
    .filter((name) => name.endsWith('.json'))
    .toSorted()
}

export function vectors<T>(file: string): T {
  return JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8')) as T
}

/** Every case of a file: as far down as an opener takes it, or down to a leaf that nobody opens. */
export function casesOf(
  value: unknown,
  openers: Openers,
  path: readonly string[] = [],
): readonly Case[] {
  const pattern = Object.keys(openers).find((one) => isAt(one, path))
  if (pattern !== undefined) return [{ path: path.join('.'), value, opener: openers[pattern] }]
  if (typeof value !== 'object' || value === null)
    return [{ path: path.join('.'), value, opener: undefined }]
  return Object.entries(value).flatMap(([name, inner]) => casesOf(inner, openers, [...path, name]))
}

/** Openers that find nothing to open. */
export function idle(value: unknown, openers: Openers): readonly string[] {
  const found = casesOf(value, openers).map(({ path }) => path.split('.'))
  return Object.keys(openers).filter((pattern) => !found.some((path) => isAt(pattern, path)))
}

function isAt(pattern: string, path: readonly string[]): boolean {
  const parts = pattern.split('.')
  return (
    parts.length === path.length && parts.every((part, at) => part === '*' || part === path[at])
  )
}
