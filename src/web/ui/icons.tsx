/** Our own icons: 20 × 20, one stroke, the colour of the text. Decoration only; what they mean stands beside them. */
import type { VNode } from 'preact'

const PATHS = {
  hash: 'M7.5 3 6 17M14 3l-1.500 14M3.500 7.500h13.500M3 12.500h13.500',
  lock: 'M5 9h10v8H5zM7 9V6.500a3 3 0 0 1 6 0V9',
  person:
    'M10 10.500a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7ZM3.500 17c.6-3 3.200-4.500 6.500-4.500s5.900 1.500 6.500 4.500',
  people:
    'M7.500 9.500a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM2 16c.4-2.700 2.600-4.200 5.500-4.200s5.100 1.500 5.500 4.200M13 3.800a3 3 0 0 1 0 5.500M15 12.200c1.700.6 2.800 1.900 3 3.800',
  send: 'M3.500 10h12M10.500 4.500 16 10l-5.500 5.500',
  reply: 'M8 5 3.500 9.500 8 14M4 9.500h7.500c3 0 5 2 5 5.500',
  thread: 'M4 4.500h12v8.500H9l-3.500 3v-3H4z',
  react:
    'M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14ZM7.300 8.300v.2M12.700 8.300v.2M6.800 11.800c1.600 2.200 4.800 2.200 6.400 0',
  edit: 'M4 16l.8-3.300L13 4.500a1.800 1.800 0 0 1 2.500 2.500l-8.200 8.200z',
  trash: 'M4 6h12M8 6V4h4v2M5.500 6l.8 10.500h7.400L14.500 6',
  pin: 'M7.500 3.500h5l-.6 5 2.600 2.500H5.500L8.100 8.500zM10 11v6',
  search: 'M9 14.500a5.500 5.500 0 1 0 0-11 5.500 5.500 0 0 0 0 11ZM13 13l4 4',
  back: 'M12.500 4.500 7 10l5.500 5.500',
  close: 'M5 5l10 10M15 5 5 15',
  more: 'M4 10a.7.7 0 1 0 1.400 0 .7.7 0 1 0-1.400 0M9.300 10a.7.7 0 1 0 1.400 0 .7.7 0 1 0-1.400 0M14.600 10a.7.7 0 1 0 1.400 0 .7.7 0 1 0-1.400 0',
  settings:
    'M3 6h8M15 6h2M3 14h2M9 14h8M13 8a2 2 0 1 0 0-4 2 2 0 0 0 0 4ZM7 16a2 2 0 1 0 0-4 2 2 0 0 0 0 4Z',
  link: 'M10 12.500V17M7 17h6M10 10h.01M7 13a4.500 4.500 0 0 1 0-6M13 13a4.500 4.500 0 0 0 0-6M4.800 15.200a7.500 7.500 0 0 1 0-10.400M15.200 15.200a7.500 7.500 0 0 0 0-10.400',
  plus: 'M10 4v12M4 10h12',
  down: 'M10 4v12M4.500 10.500 10 16l5.500-5.500',
  phone: 'M6.500 2.500h7v15h-7zM9.300 15h1.400',
  kit: 'M3.500 7h13v9h-13zM7.500 7V4.500h5V7M3.500 11h13',
  clock: 'M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14ZM10 6v4l2.500 2',
  away: 'M5 15 15 5M8 5h7v7',
  stored: 'M4 10.500 8 14.500 16 5.500',
  eye: 'M2.500 10S5 5 10 5s7.500 5 7.500 5-2.500 5-7.500 5-7.500-5-7.500-5ZM10 12.200a2.200 2.200 0 1 0 0-4.400 2.200 2.200 0 0 0 0 4.400Z',
  warning: 'M10 3.500 17.500 16.500h-15zM10 8.500v3.500M10 14.300v.1',
  shield: 'M10 2.800 16 5v4.500c0 3.800-2.500 6.300-6 7.700-3.500-1.400-6-3.900-6-7.700V5z',
  bolt: 'M11 2.500 5 11h4.500L9 17.500 15 9h-4.500z',
  check: 'M4 10.500 8 14.500 16 5.500',
  clip: 'M14.500 9 9 14.500a3 3 0 0 1-4.300-4.300l6-6a2 2 0 0 1 2.900 2.900l-6 6a1 1 0 0 1-1.500-1.400L11 7',
} as const

/** The name of an icon. */
export type IconName = keyof typeof PATHS

/** One icon. */
export function Icon({ name }: { readonly name: IconName }): VNode {
  return (
    <svg class="icon" viewBox="0 0 20 20" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  )
}

/** The sign of the house. */
export function Mark(): VNode {
  return (
    <svg class="mark" viewBox="0 0 64 64" aria-hidden="true" focusable="false">
      <rect width="64" height="64" rx="14" />
      <path d="M21 14v36M43 14v36M21 38c0-7 22-5 22-12" />
    </svg>
  )
}
