/**
 * The messages of a channel, of which only those in sight are drawn, however many there are. One message stays where it
 * is while those above it get their height; at the bottom, the newest stays in sight.
 */
import type { RefObject, VNode } from 'preact'
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks'
import { rowsOf, type Row } from '#web/core/rows.ts'
import { createHeights, heldRow, offsetsOf, windowOf, type Heights } from '#web/core/virtual.ts'
import type { App } from '#web/state/app.ts'
import type { Connection } from '#web/state/store.ts'
import { say, times, words } from '#web/words/words.ts'
import { useApp } from './context.ts'
import { Icon } from './icons.tsx'
import { Message } from './message.tsx'
import { PurgedLine } from './purged-line.tsx'
import { WaitingMessage } from './waiting-message.tsx'

/** A guess, in pixels, for messages not drawn yet. */
const ROW_GUESS = 64
/** Drawn beyond each edge, in pixels. */
const SPARE = 600
const SPARE_AFTER_MS = 300
/** This close to the bottom counts as there, in pixels. */
const NEAR = 60
/** Older messages are asked for when the oldest drawn is this close to the beginning, in rows. */
const AHEAD_ROWS = 8
const OLDER_AGAIN_MS = 5_000

/** The list. */
export function MessageList(props: {
  readonly channelId: string
  readonly newSince: number
}): VNode {
  const { channelId, newSince } = props
  const app = useApp()
  const { store } = app
  const timeline = store.timeline(channelId).value
  const waiting = store.waiting.value
  const me = store.me.value?.id ?? ''
  const purged = store.purged.value.get(channelId)
  const rows = useMemo(
    () => rowsOf(timeline, { channelId, waiting, newSince, me, ...(purged && { purged }) }),
    [timeline, waiting, newSince, me, purged],
  )
  const list = useVirtual(rows)
  useOlder(app, channelId, list.first < AHEAD_ROWS)
  useEffect(
    () => app.stories.want(storiesWanted(rows.slice(list.first, list.end))),
    [rows, list.first, list.end, store.round.value],
  )
  return (
    <div class="messages">
      <div
        class="scroller"
        role="log"
        aria-live="off"
        aria-label={say('messages.label')}
        aria-busy={!timeline.isFresh && store.connection.value === 'here'}
        data-whole={String(!timeline.hasOlder)}
        tabIndex={0}
        ref={list.scroller}
        onScroll={list.onScroll}
        onKeyDown={moveFocus}
      >
        <div class="canvas" ref={list.canvas} style={{ height: `${list.height}px` }}>
          <div class="drawn" style={{ transform: `translateY(${list.top}px)` }}>
            {rows.slice(list.first, list.end).map((row) => (
              <div class="row" key={row.key} data-key={row.key}>
                <RowContent row={row} />
              </div>
            ))}
          </div>
        </div>
      </div>
      {!list.isAtEnd && (
        <button
          type="button"
          class="to-end"
          aria-label={say('messages.newest')}
          onClick={list.toEnd}
        >
          <Icon name="down" />
        </button>
      )}
      {rows.length === 0 && (
        <p class="empty">{emptyWords(timeline.isFresh, store.connection.value)}</p>
      )}
    </div>
  )
}

/** Nothing stands here: that nobody has written only the node can say. */
function emptyWords(isFresh: boolean, connection: Connection): string {
  if (isFresh) return say('messages.none')
  return say(connection === 'away' ? 'messages.unseen' : 'loading')
}

function RowContent({ row }: { readonly row: Row }): VNode {
  switch (row.kind) {
    case 'day':
      return <h2 class="day">{times().day(row.at, Date.now())}</h2>
    case 'new':
      return <p class="new-line">{say('messages.new')}</p>
    case 'purged':
      return <PurgedLine purged={row.purged} />
    case 'post':
      return <Message post={row.post} isContinued={row.isContinued} root={row.root} />
    case 'waiting':
      return <WaitingMessage waiting={row.waiting} isContinued={row.isContinued} />
  }
}

/** The node is asked for the way of every message in sight. */
function storiesWanted(rows: readonly Row[]): readonly string[] {
  return rows.flatMap((row) => (row.kind === 'post' ? [row.post.id] : []))
}

/** Asks for what is before the oldest while that is near; once more after a while, if nothing came. */
function useOlder(app: App, channelId: string, isNear: boolean): void {
  const timeline = app.store.timeline(channelId).value
  useEffect(() => {
    if (!isNear || !timeline.hasOlder || !timeline.isFresh) return undefined
    void app.older(channelId)
    const timer = setInterval(() => void app.older(channelId), OLDER_AGAIN_MS)
    return () => clearInterval(timer)
  }, [app, channelId, isNear, timeline])
}

interface Virtual {
  readonly scroller: RefObject<HTMLDivElement | null>
  readonly canvas: RefObject<HTMLDivElement | null>
  readonly first: number
  readonly end: number
  readonly top: number
  readonly height: number
  readonly isAtEnd: boolean
  readonly onScroll: () => void
  readonly toEnd: () => void
}

interface Anchor {
  /** Stays at the end, whatever comes. */
  isAtEnd: boolean
  key: string
  /** How far the top of the view is below the beginning of that row. */
  below: number
}

function useVirtual(rows: readonly Row[]): Virtual {
  const scroller = useRef<HTMLDivElement>(null)
  const canvas = useRef<HTMLDivElement>(null)
  const heights = useRef<Heights>(createHeights(ROW_GUESS)).current
  const anchor = useRef<Anchor>({ isAtEnd: true, key: '', below: 0 }).current
  const [version, setVersion] = useState(0)
  const [scrolled, setScrolled] = useState(0)
  const [isAtEnd, setAtEnd] = useState(true)
  // At first only what is in sight: the rest a moment later.
  const [spare, setSpare] = useState(0)
  useEffect(() => {
    const timer = setTimeout(() => setSpare(SPARE), SPARE_AFTER_MS)
    return () => clearTimeout(timer)
  }, [])
  const keys = useMemo(() => rows.map(({ key }) => key), [rows])
  const offsets = useMemo(() => offsetsOf(keys, heights), [keys, version, words.value])
  const height = offsets.at(-1) ?? 0
  const viewHeight = scroller.current?.clientHeight || 800
  const top = anchor.isAtEnd ? Math.max(0, height - viewHeight) : scrolled
  const range = windowOf(offsets, { top, height: viewHeight, spare })
  useLayoutEffect(() => {
    const { current } = scroller
    if (current !== null) keepAnchor(current, { anchor, keys, offsets })
  }, [offsets])
  useMeasuring(scroller, heights, () => setVersion((one) => one + 1))
  const onScroll = (): void => {
    const { current } = scroller
    if (current === null) return
    const { scrollTop, clientHeight, scrollHeight } = current
    anchor.isAtEnd = scrollHeight - scrollTop - clientHeight < NEAR
    const held = heldRow(offsets, scrollTop, (index) => isHeld(rows[index]))
    anchor.key = keys[held.index] ?? ''
    anchor.below = held.below
    setAtEnd(anchor.isAtEnd)
    // Only every so often another row comes into sight.
    if (Math.abs(scrollTop - scrolled) > SPARE / 3 || anchor.isAtEnd) setScrolled(scrollTop)
  }
  const toEnd = (): void => {
    anchor.isAtEnd = true
    setAtEnd(true)
    setVersion((one) => one + 1)
  }
  return {
    scroller,
    canvas,
    ...range,
    top: offsets[range.first] ?? 0,
    height,
    isAtEnd,
    onScroll,
    toEnd,
  }
}

/** A message: headings and lines belong to the first message below them, whichever that is. */
function isHeld(row: Row | undefined): boolean {
  return row?.kind === 'post' || row?.kind === 'waiting'
}

function keepAnchor(
  scroller: HTMLElement,
  place: {
    readonly anchor: Anchor
    readonly keys: readonly string[]
    readonly offsets: Float64Array
  },
): void {
  const { anchor, keys, offsets } = place
  if (anchor.isAtEnd) {
    scroller.scrollTop = scroller.scrollHeight
    return
  }
  const index = keys.indexOf(anchor.key)
  if (index < 0) return
  const wanted = (offsets[index] ?? 0) + anchor.below
  if (Math.abs(scroller.scrollTop - wanted) > 1) scroller.scrollTop = wanted
}

/**
 * Notes the height of every row: when it is drawn for the first time at once, later when the browser says that it has
 * changed. The page is laid out once for that, and not for every row.
 */
function useMeasuring(
  scroller: RefObject<HTMLElement | null>,
  heights: Heights,
  onChange: () => void,
): void {
  const rows = useRef(new WeakSet<Element>()).current
  const observer = useRef<ResizeObserver | undefined>(undefined)
  useEffect(() => () => observer.current?.disconnect(), [])
  useLayoutEffect(() => {
    const { current } = scroller
    if (current === null) return
    observer.current ??= new ResizeObserver((entries) => {
      // The first word on a row says what has been measured; what has left the page has no height.
      const changed = entries.filter(({ target }) => target.isConnected && isNews(target, heights))
      if (changed.length > 0) onChange()
    })
    const watched = [current, ...current.querySelectorAll<HTMLElement>('.row')]
    const fresh = watched.filter((one) => !rows.has(one))
    const changed = fresh.filter((one) => isNews(one, heights))
    for (const one of fresh) {
      rows.add(one)
      observer.current.observe(one)
    }
    if (changed.length > 0) onChange()
  })
}

/** Whether it has another height than was thought. What is no row is the list itself: another screen, or a keyboard. */
function isNews(target: Element, heights: Heights): boolean {
  if (!(target instanceof HTMLElement)) return false
  return heights.set(target.dataset.key ?? '', target.offsetHeight)
}

/** Up and down go from message to message. */
function moveFocus(event: KeyboardEvent & { readonly currentTarget: HTMLElement }): void {
  if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return
  const { activeElement } = document
  const articles = [...event.currentTarget.querySelectorAll<HTMLElement>('article')]
  const index = articles.findIndex((one) => one === activeElement)
  if (activeElement !== event.currentTarget && index < 0) return
  const next = index < 0 ? articles.at(-1) : articles[index + (event.key === 'ArrowDown' ? 1 : -1)]
  if (next === undefined) return
  event.preventDefault()
  next.focus()
}
