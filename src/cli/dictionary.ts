/** `holdfast dictionary`: what channels have learned of themselves, so that their messages pack small. */
import type { ChannelDictionaries, TrainedChannel } from '#app/dictionary-types.ts'
import { findLocalNode } from './local-node.ts'
import {
  table,
  when,
  writeJson,
  writeLines,
  type CommonOptions,
  type Surroundings,
} from './terminal.ts'

const AT = '/api/holdfast/v1/dictionaries'

/** Runs the command. */
export async function show(options: CommonOptions, surroundings: Surroundings): Promise<void> {
  const { terminal } = surroundings
  const { ask } = await findLocalNode(options.data, surroundings)
  const all = (await ask('GET', AT)) as readonly ChannelDictionaries[]
  if (options.json) return writeJson(terminal, all)
  if (all.length === 0)
    return writeLines(terminal, ['No channel has a dictionary of its own yet. A hub makes them.'])
  writeLines(terminal, all.flatMap(linesOf))
}

function linesOf({ name, dictionaries }: ChannelDictionaries): readonly string[] {
  const rows = dictionaries.map(({ by, at, changes, bytes, lackedBy }) => [
    `${when(at)} by ${by}`,
    `${changes} messages`,
    bytes === undefined ? 'not all of it is here' : `${bytes} B`,
    lackedBy.length === 0 ? 'everybody has it' : `lacking at ${lackedBy.join(', ')}`,
  ])
  return [name, ...table(rows)]
}

/** Runs the command. */
export async function train(options: CommonOptions, surroundings: Surroundings): Promise<void> {
  const { terminal } = surroundings
  const { askLong } = await findLocalNode(options.data, surroundings)
  const all = (await askLong(`${AT}/train`, {})) as readonly TrainedChannel[]
  if (options.json) return writeJson(terminal, all)
  writeLines(terminal, table(all.map(rowOf)))
}

const SAID: Readonly<Record<TrainedChannel['result'], string>> = {
  published: 'a new one',
  'too little': 'too little was written yet',
  'no better': 'nothing better than what is in use',
  'pays too late': 'would pay for itself too late',
}

function rowOf({ name, result, figures }: TrainedChannel): string[] {
  if (figures === undefined) return [name, SAID[result], '', '']
  const { heldBack, presentBytes, bytes, announcedBytes, paysBackAfter } = figures
  const each = (sum: number): string => (sum / heldBack).toFixed(1)
  return [
    name,
    SAID[result],
    `${each(bytes)} instead of ${each(presentBytes)} B a message, before it is sealed`,
    paysBackAfter === undefined
      ? ''
      : `${announcedBytes} B to announce, paid back after ${paysBackAfter} messages`,
  ]
}
