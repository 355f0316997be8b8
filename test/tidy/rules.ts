/**
 * The house rules that a machine can check, as pure functions of source files.
 *
 * Each gives a list of `file:line: what is wrong`; an empty list is a tidy house.
 */
import { dirname, join } from 'node:path/posix'
import { codeOnly, withoutComments, type Source } from './sources.ts'

/** Folder under src to the folders it may import besides itself; `:types` behind a name allows types only. */
export type ImportTable = Readonly<Record<string, string>>

/** Imports that the table does not allow, or that are written in another way than the house's. */
export function wrongImports(source: Source, table: ImportTable): string[] {
  return importsOf(source).flatMap((found) => {
    const wrong = wrongTarget(source.path, found, table)
    return wrong === undefined ? [] : [`${source.path}:${found.line}: ${wrong}`]
  })
}

/** Lines of `source` that match `pattern` in code, not in comments or strings. */
export function linesWith(source: Source, pattern: RegExp, wrong: string): string[] {
  return matchingLines(source.path, codeOnly(source.text), pattern).map((at) => `${at}: ${wrong}`)
}

/** Lines of `source` that match `pattern` anywhere, comments and strings too. */
export function textWith(source: Source, pattern: RegExp, wrong: string): string[] {
  return matchingLines(source.path, source.text, pattern).map((at) => `${at}: ${wrong}`)
}

/** Where `packageName` is imported. */
export function importsOfPackage(source: Source, packageName: string): string[] {
  return importsOf(source)
    .filter(({ target }) => target === packageName || target.startsWith(`${packageName}/`))
    .map(({ line }) => `${source.path}:${line}: imports ${packageName}`)
}

/** Exported declarations without a doc comment directly above. */
export function undocumented({ path, text }: Source): string[] {
  const lines = text.split('\n')
  return lines.flatMap((line, index) => {
    const name =
      /^export (?:declare |abstract |async )*(?:function\*?|const|let|class|interface|type) (\w+)/.exec(
        line,
      )?.[1]
    if (name === undefined || isDocumented(lines, index, name)) return []
    return [`${path}:${index + 1}: ${name} has no doc comment directly above`]
  })
}

/** File and folder names that are not kebab-case. */
export function wrongNames({ path }: Source): string[] {
  const isKebab = /^(?:[a-z0-9]+(?:[-.][a-z0-9]+)*(?:\/|$))+$/.test(path)
  return isKebab ? [] : [`${path}:1: a name that is not kebab-case`]
}

/** Files of more than `limit` lines. */
export function tooLong({ path, text }: Source, limit: number): string[] {
  const lines = text.trimEnd().split('\n').length
  return lines <= limit ? [] : [`${path}:${limit + 1}: ${lines} lines, at most ${limit}`]
}

/** Whether the file holds types alone, so that there is nothing to run in a test. */
export function isTypesOnly({ text }: Source): boolean {
  return !/^(?:export )?(?:async )?(?:function|const|let|class) /m.test(codeOnly(text))
}

/** The rows of the table under the heading `Errors`, each as `CODE | status | remedy`. */
export function errorRows(readme: string): string[] {
  const section = /^#+ Errors$([\s\S]*?)(?=^#|(?![\s\S]))/m.exec(readme)?.[1] ?? ''
  return [...section.matchAll(/^\| `([A-Z_]+)` *\| (\d+) *\| (.*?) *\|$/gm)].map((row) =>
    row.slice(1).join(' | '),
  )
}

interface Import {
  readonly line: number
  readonly target: string
  readonly isType: boolean
}

const IMPORT =
  /^ *(?:import|export) (type )?(?:[\w*{][^'"`;]*? from )?['"]([^'"]+)['"]|\bimport\(['"]([^'"]+)['"]\)/gm

function importsOf({ text }: Source): Import[] {
  const code = withoutComments(text)
  return [...code.matchAll(IMPORT)].map((match) => ({
    line: code.slice(0, match.index).split('\n').length,
    target: match[2] ?? match[3] ?? '',
    isType: match[1] !== undefined,
  }))
}

function wrongTarget(path: string, found: Import, table: ImportTable): string | undefined {
  const { target } = found
  if (target.startsWith('../')) return `${target}: write #folder/file.ts, never ../`
  if (!/^(?:#|\.\/)/.test(target)) return undefined
  const isNear = target.startsWith('./')
  const targetPath = isNear ? join(dirname(path), target) : `src/${target.slice(1)}`
  if (!isNear && dirname(path) === dirname(targetPath))
    return `${target}: inside a folder write ./file.ts`
  if (ownerOf(path) === ownerOf(targetPath)) return undefined
  if (isNear && dirname(targetPath) !== dirname(path))
    return `${target}: across folders write #folder/file.ts`
  return crossing(ownerOf(path), ownerOf(targetPath), { isType: found.isType, table })
}

function crossing(
  from: string,
  to: string,
  { isType, table }: { readonly isType: boolean; readonly table: ImportTable },
): string | undefined {
  const allowed = table[from]?.split(' ') ?? []
  if (allowed.includes(to) || allowed.includes('all')) return undefined
  if (!allowed.includes(`${to}:types`)) return `${from} may not import ${to}`
  return isType ? undefined : `${from} may import only types from ${to}: write import type`
}

/** `src/sync/outbox.ts` belongs to `sync`, `src/compose.ts` to `compose`. */
function ownerOf(path: string): string {
  return (path.split('/')[1] ?? '').replace(/\.tsx?$/, '')
}

function isDocumented(lines: readonly string[], index: number, name: string): boolean {
  const isPassedOver = (line: string) =>
    /^\/\/ (?:oxlint-|prettier-ignore)/.test(line) || line.startsWith(`export function ${name}(`)
  let above = index - 1
  while (isPassedOver(lines[above] ?? '')) above -= 1
  if (!lines[above]?.endsWith('*/')) return false
  while (above > 0 && !lines[above]?.includes('/*')) above -= 1
  return lines[above]?.startsWith('/**') ?? false
}

function matchingLines(path: string, text: string, pattern: RegExp): string[] {
  return text
    .split('\n')
    .flatMap((line, index) => (pattern.test(line) ? [`${path}:${index + 1}`] : []))
}
