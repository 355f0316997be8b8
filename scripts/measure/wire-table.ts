/** Forms of the same posts beside each other, for people to read. */
import { table } from '#cli/terminal.ts'
import type { Form } from './wire-others.ts'

const NONE = '-'

/** Bytes a post, alone and in tens, and how many times as many as the first form's. */
export function tableOf(forms: readonly Form[]): readonly string[] {
  const [first] = forms
  return table([
    ['bytes a post', 'alone', 'in tens', 'times', 'times'],
    ...forms.map(({ name, single, ten }) => [
      name.replaceAll('_', ' '),
      String(single ?? NONE),
      String(ten ?? NONE),
      times(single, first?.single),
      times(ten, first?.ten),
    ]),
  ])
}

function times(bytes: number | undefined, beside: number | undefined): string {
  if (bytes === undefined || beside === undefined) return NONE
  return (bytes / beside).toFixed(2)
}
