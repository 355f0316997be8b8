/** Having a file come from the node that has it: what that takes, asking for it, and how far it has come. */
import { useComputed } from '@preact/signals'
import type { VNode } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import {
  arrivingKey,
  fetchWaysFrom,
  type FetchWay,
  type FetchWays,
  type Quality,
} from '#web/core/fetching.ts'
import type { FileInfo } from '#web/core/wire.ts'
import { say, times } from '#web/words/words.ts'
import { useApp } from './context.ts'
import { dotted } from './file-row.tsx'
import { toldOutcome } from './outcome.ts'

/** What the node says of a file that is elsewhere; undefined until it has. */
export interface Fetchable {
  readonly ways: FetchWays | undefined
  /** The small picture of it is here. */
  readonly isSmallHere: boolean
  readonly act: (deed: 'fetch' | 'cancel', quality: Quality) => Promise<void>
}

/** Asks the node about it. */
export function useFetchable(file: FileInfo, isElsewhere: boolean): Fetchable {
  const { ask, store } = useApp()
  const [ways, setWays] = useState<FetchWays>()
  const path = `/api/holdfast/v1/files/${file.id}`
  useEffect(() => {
    const load = async (): Promise<void> => {
      const answer = await ask('GET', path)
      if (answer.kind === 'ok') setWays(fetchWaysFrom(answer.value))
    }
    if (isElsewhere) void load()
  }, [path, isElsewhere, store.round.value])
  const hasCome = useComputed(
    () => store.arriving.value.get(arrivingKey(file.id, 'small'))?.isHere === true,
  ).value
  return {
    ways,
    isSmallHere: hasCome || ways?.small?.isHere === true,
    act: async (deed, quality) => {
      const answer = await ask('POST', `${path}/${deed}?quality=${quality}`)
      if (toldOutcome(answer) && answer.kind === 'ok') setWays(fetchWaysFrom(answer.value))
    },
  }
}

/** The deeds, or how far each has come; nothing until the node has said. */
export function Fetching(props: {
  readonly file: FileInfo
  readonly fetchable: Fetchable
}): VNode | null {
  const { file, fetchable } = props
  const { ways, isSmallHere, act } = fetchable
  if (ways === undefined) return null
  const small = isSmallHere ? undefined : ways.small
  return (
    <div class="fetching">
      {small !== undefined && (
        <OneWay
          way={small}
          at={arrivingKey(file.id, 'small')}
          label={say('files.small')}
          onAct={(deed) => void act(deed, 'small')}
        />
      )}
      <OneWay
        way={ways.whole}
        at={arrivingKey(file.id, 'whole')}
        label={say(ways.small === undefined ? 'files.fetch' : 'files.whole')}
        onAct={(deed) => void act(deed, 'whole')}
      />
    </div>
  )
}

function OneWay(props: {
  readonly way: FetchWay
  readonly at: string
  readonly label: string
  readonly onAct: (deed: 'fetch' | 'cancel') => void
}): VNode {
  const { way, at, label, onAct } = props
  const { store } = useApp()
  const have = useComputed(() => store.arriving.value.get(at)?.have).value ?? way.have
  if (!way.isAsked)
    return (
      <button type="button" class="button small" onClick={() => onAct('fetch')}>
        <span>{label}</span>
        <small>{priceWords(way)}</small>
      </button>
    )
  const done = { done: times().bytes(have), bytes: times().bytes(way.bytes) }
  return (
    <div class="fetching-one">
      <small>{label}</small>
      <progress max={way.bytes} value={have} aria-label={say('files.come', done)} />
      <button type="button" class="text-button" onClick={() => onAct('cancel')}>
        {say('files.callOff')}
      </button>
    </div>
  )
}

/** `28 kB · about 40 s · 0.12 USD`: of the rest. */
function priceWords({ bytes, have, ms, money, currency }: FetchWay): string {
  return dotted([
    times().bytes(bytes - have),
    ms === undefined ? undefined : say('story.about', { span: times().span(ms) }),
    money > 0 ? times().money(money, currency) : undefined,
  ])
}
