/** Reading what somebody typed into a form. */

/** The text of a field; '' when there is none. */
export function valueIn(form: HTMLFormElement, name: string): string {
  const value = new FormData(form).get(name)
  return typeof value === 'string' ? value : ''
}
