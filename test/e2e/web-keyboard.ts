/** Hands on a keyboard and none on a mouse: stops of the Tab key, and whether each is seen. */
import type { Page } from 'playwright-core'

/** More stops than any screen has. */
const STOPS_MAX = 60

/** Presses Tab until the focus is on what `selector` means. Every stop on the way has to be seen. */
export async function tabTo(
  page: Page,
  selector: string,
  key: 'Tab' | 'Shift+Tab' = 'Tab',
): Promise<void> {
  for (let stop = 0; stop < STOPS_MAX; stop += 1) {
    await page.keyboard.press(key)
    const { isThere, isSeen, what } = await focusOf(page, selector)
    if (!isSeen) throw new Error(`found no ring around ${what}, wanted one`)
    if (isThere) return
  }
  throw new Error(`found no ${selector} in ${STOPS_MAX} stops of ${key}`)
}

interface Focus {
  readonly isThere: boolean
  readonly isSeen: boolean
  readonly what: string
}

/** A ring is an outline, or a shadow around what holds it; where the page ends, the browser's own things have the focus. */
async function focusOf(page: Page, selector: string): Promise<Focus> {
  const found: unknown = await page.evaluate(`(() => {
    const at = document.activeElement
    if (at === null || at === document.body) return { isThere: false, isSeen: true, what: 'the page' }
    const isRing = (one) => {
      const { outlineStyle, outlineWidth } = getComputedStyle(one)
      return outlineStyle !== 'none' && parseFloat(outlineWidth) > 0
    }
    const isLit = (one) => one !== null && (isRing(one) || getComputedStyle(one).boxShadow !== 'none')
    const { top, bottom } = at.getBoundingClientRect()
    const holders = ['.composer', '.lane-picker', '.file-picker'].map((name) => at.closest(name))
    return {
      isThere: at.matches(${JSON.stringify(selector)}),
      isSeen: bottom > 0 && top < innerHeight && (isRing(at) || holders.some(isLit)),
      what: at.outerHTML.slice(0, 200),
    }
  })()`)
  return found as Focus
}
