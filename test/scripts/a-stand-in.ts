/** A node without a process, for tests of the trial: it answers as it is told. */
import type { Answer, Question } from '../../scripts/fleet/client.ts'
import type { Node } from '../../scripts/fleet/node.ts'

/** A node that answers with a status and a value, as `answer` says. */
export function aStandIn(
  name: string,
  answer: (question: Question) => readonly [number, unknown],
): Node {
  const ask = async (question: Question): Promise<Answer> => {
    const [status, value] = answer(question)
    return { status, value, header: () => undefined }
  }
  return {
    name,
    role: 'kit',
    dataFolder: '',
    logFile: '',
    ask,
    url: () => '',
    token: () => 'token',
    isUp: () => true,
    pid: () => 0,
    accidents: () => [],
    found: never,
    join: never,
    start: never,
    startAsInLife: never,
    kill: never,
    stop: never,
    copy: never,
    putBack: never,
    [Symbol.asyncDispose]: never,
  }
}

async function never(): Promise<void> {
  throw new Error('nobody starts or ends this node')
}
