/** A person as a disc with initials: no picture is fetched over a thin link. */
import { useComputed } from '@preact/signals'
import type { VNode } from 'preact'
import { hueOf, initialsOf } from '#web/core/naming.ts'
import { useApp } from './context.ts'

const HUES = 6

/** The disc; with a dot for those who are here now. */
export function Avatar(props: { readonly userId: string; readonly isSmall?: boolean }): VNode {
  const { store } = useApp()
  const name = useComputed(() => store.people.value.get(props.userId)?.name ?? '?').value
  const presence = useComputed(() => store.presences.value.get(props.userId) ?? 'offline').value
  return (
    <span
      class="avatar"
      data-hue={hueOf(props.userId, HUES)}
      data-small={String(props.isSmall === true)}
      data-presence={props.isSmall === true ? presence : undefined}
      aria-hidden="true"
    >
      {initialsOf(name)}
    </span>
  )
}
