/** Given to a process by `--import`: when it ends, the last line of its standard error is every file it has loaded, as JSON. */
import { writeSync } from 'node:fs'
import { registerHooks } from 'node:module'

const loaded: string[] = []
registerHooks({
  load: (url, context, next) => {
    if (url.startsWith('file:')) loaded.push(url)
    return next(url, context)
  },
})
process.on('exit', () => void writeSync(2, `\n${JSON.stringify(loaded)}\n`))
