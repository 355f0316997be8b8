/** A file in words: name, type, size; and a picture of it from bytes that are here. */
import type { ComponentChildren, VNode } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { times } from '#web/words/words.ts'
import { Icon } from './icons.tsx'

/** What browsers draw by themselves, and the node hands out as what it is. */
export function isPicture(type: string): boolean {
  return /^image\/(?:png|jpeg|gif|webp|bmp)$/.test(type)
}

/** An address for bytes, as long as it is shown. */
export function useAddress(blob: Blob | undefined): string | undefined {
  const [address, setAddress] = useState<string>()
  useEffect(() => {
    if (blob === undefined) return
    const made = URL.createObjectURL(blob)
    setAddress(made)
    return () => URL.revokeObjectURL(made)
  }, [blob])
  return blob === undefined ? undefined : address
}

/** `JPEG · 2 MB`, from the end of the name. */
function kindOf({ name, size }: { readonly name: string; readonly size: number }): string {
  const ending = /\.(\w{1,8})$/.exec(name)?.[1]
  return dotted([ending?.toUpperCase(), times().bytes(size)])
}

/** What there is of these, kept apart from each other: in Arabic `JPEG · 2` would else be read as one. */
export function dotted(parts: readonly (string | undefined)[]): string {
  return parts
    .filter(Boolean)
    .map((part) => `\u2068${part}\u2069`)
    .join(' · ')
}

/** The words, with what is said of it behind them. */
export function FileWords(props: {
  readonly name: string
  readonly size: number
  readonly picture?: string | undefined
  readonly children?: ComponentChildren
}): VNode {
  return (
    <>
      {props.picture === undefined ? (
        <Icon name="clip" />
      ) : (
        <img class="file-thumb" src={props.picture} alt="" />
      )}
      <span class="file-words">
        <span class="file-name" dir="auto">
          {props.name}
        </span>
        <small>
          {kindOf(props)}
          {props.children}
        </small>
      </span>
    </>
  )
}
