/** The first page of a PDF, drawn by PDFium in WebAssembly. Runs in a process of its own: see `previewer.ts`. */
import { PDFiumLibrary } from '@hyzyla/pdfium'
import { SMALL_POINTS } from './limits.ts'
import { seePage, type Seen } from './picture.ts'

/** What a PDF looks like; undefined when it has no page. */
export async function seePages(bytes: Uint8Array): Promise<Seen | undefined> {
  const library = await PDFiumLibrary.init()
  const document = await library.loadDocument(bytes)
  const pages = document.getPageCount()
  if (pages === 0) return undefined
  const page = document.getPage(0)
  const { originalWidth, originalHeight } = page.getOriginalSize()
  const scale = SMALL_POINTS / Math.max(1, originalWidth, originalHeight)
  const width = Math.max(1, Math.round(originalWidth * scale))
  const height = Math.max(1, Math.round(originalHeight * scale))
  const drawn = await page.render({ scale: 1, width, height, render: 'bitmap' })
  return seePage(drawn, { pages, bytes: bytes.length })
}
