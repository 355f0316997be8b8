/** A message's Markdown as elements. Nothing of it is ever read as HTML. */
import { createContext, type VNode } from 'preact'
import { useContext, useMemo } from 'preact/hooks'
import type { Box, Piece } from '#web/core/markup.ts'
import { useApp } from './context.ts'
import { parser, piecesOf } from './reading.ts'

type OnTick = (box: Box) => void

const Ticking = createContext<OnTick | undefined>(undefined)

/** The text of a message. `onTick` hears of a box that somebody wants the other way; without it boxes are only shown. */
export function Marks(props: { readonly text: string; readonly onTick?: OnTick }): VNode {
  const { text, onTick } = props
  const pieces = useMemo(() => piecesOf(text), [text, parser.value])
  return (
    <div class="marks" dir="auto">
      <Ticking.Provider value={onTick}>
        <Pieces pieces={pieces} />
      </Ticking.Provider>
    </div>
  )
}

function Pieces({ pieces }: { readonly pieces: readonly Piece[] }): VNode {
  return (
    <>
      {pieces.map((piece, index) => (
        <PieceView key={index} piece={piece} />
      ))}
    </>
  )
}

function PieceView({ piece }: { readonly piece: Piece }): VNode | string {
  switch (piece.kind) {
    case 'text':
      return piece.text
    case 'break':
      return <br />
    case 'rule':
      return <hr />
    case 'mention':
      return <Mention name={piece.name} />
    case 'code':
      return <code>{piece.text}</code>
    case 'block':
      return (
        <pre tabIndex={0}>
          <code>{piece.text}</code>
        </pre>
      )
    case 'link':
      return (
        <a href={piece.href} rel="noopener noreferrer nofollow" target="_blank">
          <Pieces pieces={piece.inside} />
        </a>
      )
    case 'list':
      return piece.isOrdered ? (
        <ol start={piece.start}>
          <Pieces pieces={piece.inside} />
        </ol>
      ) : (
        <ul>
          <Pieces pieces={piece.inside} />
        </ul>
      )
    case 'table':
      return <Table rows={piece.rows} />
    case 'strong':
    case 'em':
    case 'del':
    case 'paragraph':
    case 'quote':
    case 'heading':
      return <Wrapped kind={piece.kind} inside={piece.inside} />
    case 'item':
      return <Item box={piece.box} inside={piece.inside} />
  }
}

function Item(props: { readonly box: Box | undefined; readonly inside: readonly Piece[] }): VNode {
  const { box, inside } = props
  const onTick = useContext(Ticking)
  return (
    <li class={box === undefined ? undefined : 'task'} dir="auto">
      {box !== undefined && (
        <input
          type="checkbox"
          checked={box.isTicked}
          disabled={onTick === undefined}
          aria-label={box.item}
          onClick={(event) => {
            // It changes when the message does.
            event.preventDefault()
            onTick?.(box)
          }}
        />
      )}
      <Pieces pieces={inside} />
    </li>
  )
}

type WrappedKind = 'strong' | 'em' | 'del' | 'paragraph' | 'quote' | 'heading'

const ELEMENTS = {
  strong: 'strong',
  em: 'em',
  del: 'del',
  paragraph: 'p',
  quote: 'blockquote',
  // Headings of a message are none of the page.
  heading: 'strong',
} as const satisfies Record<WrappedKind, string>

function Wrapped(props: { readonly kind: WrappedKind; readonly inside: readonly Piece[] }): VNode {
  const Element = ELEMENTS[props.kind]
  return (
    <Element class={props.kind === 'heading' ? 'heading' : undefined} dir="auto">
      <Pieces pieces={props.inside} />
    </Element>
  )
}

function Mention({ name }: { readonly name: string }): VNode {
  const { store } = useApp()
  const username = name.toLowerCase()
  const isMe = store.me.value?.username === username
  const isAll = ['all', 'channel', 'here'].includes(username)
  const isKnown = isAll || [...store.people.value.values()].some((one) => one.username === username)
  if (!isKnown) return <>{`@${name}`}</>
  return (
    <span class="mention" data-me={String(isMe || isAll)}>
      {`@${name}`}
    </span>
  )
}

function Table({ rows }: { readonly rows: readonly (readonly (readonly Piece[])[])[] }): VNode {
  const [head = [], ...body] = rows
  return (
    <div class="table" tabIndex={0} role="group">
      <table>
        <thead>
          <tr>
            {head.map((cell, index) => (
              <th key={index} scope="col" dir="auto">
                <Pieces pieces={cell} />
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {body.map((row, index) => (
            <tr key={index}>
              {row.map((cell, column) => (
                <td key={column} dir="auto">
                  <Pieces pieces={cell} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
