/** Takes apart what several test files said in one process, each as a subtest at the top. Pure. */

/** What a file said to its end. */
export interface ToldFile {
  readonly isGood: boolean
  /** As a test of a greater whole, with this number there. */
  readonly textAs: (number: number) => string
}

const BEGIN = '# Subtest: '
const END = /^((?:not )?ok) \d+ - (.*)$/

/**
 * Which of `names` came to their end, in their order; `rest` is what the one after them said, as if by itself, and undefined
 * if that was not begun.
 */
export function filesIn(
  output: string,
  names: readonly string[],
): { readonly files: readonly ToldFile[]; readonly rest: string | undefined } {
  const files: ToldFile[] = []
  let lines: string[] = []
  for (const line of output.split('\n')) {
    const [, word, point = ''] = END.exec(line) ?? []
    if (line.startsWith(BEGIN)) lines = []
    lines.push(line)
    if (word === undefined || point.replace(/ # time=.*$/, '') !== names[files.length]) continue
    const said = lines.slice(0, -1).map((one) => `${one}\n`)
    lines = []
    files.push({
      isGood: word === 'ok',
      textAs: (number) => `${said.join('')}${word} ${number} - ${point}\n`,
    })
  }
  if (lines[0] !== `${BEGIN}${names[files.length]}`) return { files, rest: undefined }
  const rest = lines.filter((line) => line.startsWith('    ')).map((line) => line.slice(4))
  return { files, rest: rest.join('\n') }
}
