/** Having a file come from the node that has it: what that takes, asking for it, and how far it has come. */
import { useComputed } from '@preact/signals'
import type { VNode } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { Answer } from '#web/core/client.ts'
import { fields, number, type FileInfo } from '#web/core/wire.ts'
import { say, times } from '#web/words/words.ts'
import { useApp } from './context.ts'
import { toldOutcome } from './outcome.ts'

interface Way {
  readonly isAsked: boolean
  readonly have: number
  /** How long the rest takes by the best link there is; undefined while nobody knows. */
  readonly ms: number | undefined
}

/** The deed, or how far it has come; nothing until the node has said. */
export function Fetching({ file }: { readonly file: FileInfo }): VNode | null {
  const { ask, store } = useApp()
  const [way, setWay] = useState<Way>()
  const told = useComputed(() => store.arriving.value.get(file.id)?.have).value
  const path = `/api/holdfast/v1/files/${file.id}`
  const take = (answer: Answer): void => {
    if (answer.kind === 'ok') setWay(wayFrom(answer.value))
  }
  useEffect(() => void ask('GET', path).then(take), [path, store.round.value])
  if (way === undefined) return null
  const act = async (deed: 'fetch' | 'cancel'): Promise<void> => {
    const answer = await ask('POST', `${path}/${deed}`)
    if (toldOutcome(answer)) take(answer)
  }
  const have = told ?? way.have
  return (
    <span class="fetching">
      {way.isAsked ? (
        <progress
          max={file.size}
          value={have}
          aria-label={say('files.come', {
            done: times().bytes(have),
            bytes: times().bytes(file.size),
          })}
        />
      ) : (
        <small>{way.ms !== undefined && say('story.about', { span: times().span(way.ms) })}</small>
      )}
      <button
        type="button"
        class="text-button"
        onClick={() => void act(way.isAsked ? 'cancel' : 'fetch')}
      >
        {say(way.isAsked ? 'files.callOff' : 'files.fetch')}
      </button>
    </span>
  )
}

function wayFrom(value: unknown): Way {
  const one = fields(value)
  const price = fields(one.price)
  return {
    isAsked: fields(one.fetch).isAsked === true,
    have: number(one.have),
    ms: typeof price.seconds === 'number' ? price.seconds * 1_000 : undefined,
  }
}
