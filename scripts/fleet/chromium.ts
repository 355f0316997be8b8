/** Chromium for tests and measures: the one that HOLDFAST_CHROMIUM names, driven by playwright-core. */
import { chromium, type Browser } from 'playwright-core'

/** The program; undefined where there is none, and what needs one is skipped. */
export const CHROMIUM = process.env.HOLDFAST_CHROMIUM

/** A name that leads to this machine and, unlike `localhost`, is no secure context on plain HTTP. */
export const PLAIN_NAME = 'kit.test'

/** A browser without a window. Whoever opens it closes it. */
export async function openChromium(program: string): Promise<Browser> {
  // A container has no user namespaces and little shared memory.
  const args = [
    '--no-sandbox',
    '--disable-dev-shm-usage',
    '--disable-gpu',
    // A microphone that beeps: whoever may use it is still asked.
    '--use-fake-device-for-media-stream',
    `--host-resolver-rules=MAP ${PLAIN_NAME} 127.0.0.1`,
  ]
  return chromium.launch({ executablePath: program, args, headless: true })
}
