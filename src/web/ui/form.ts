/** Reading what somebody typed into a form. */
import type { RefObject } from 'preact'
import { useEffect, useRef } from 'preact/hooks'

/** The text of a field; '' when there is none. */
export function valueIn(form: HTMLFormElement, name: string): string {
  const value = new FormData(form).get(name)
  return typeof value === 'string' ? value : ''
}

/** For the field that a screen is there for: it has the focus once it is drawn. Browsers heed `autofocus` when a page loads, and not later. */
export function useFocus(isWanted = true): RefObject<HTMLInputElement | null> {
  const field = useRef<HTMLInputElement>(null)
  useEffect(() => {
    if (isWanted) field.current?.focus()
  }, [isWanted])
  return field
}
