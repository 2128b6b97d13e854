import { Buffer } from 'node:buffer'
import pg from 'pg'

/** The methods of pg's connection that send the rows of a COPY; its types lack them. */
interface CopyConnection {
  sendCopyFromChunk: (chunk: Buffer) => void
  endCopyFrom: () => void
}

/** Runs a `copy ... from stdin` statement with these lines as its input. */
export async function copyIn(client: pg.Client, statement: string, lines: string[]): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const query = new pg.Query(statement, (error: Error | undefined) => error ? reject(error) : resolve())
    Object.assign(query, {
      handleCopyInResponse: (connection: CopyConnection) => {
        connection.sendCopyFromChunk(Buffer.from(`${lines.join('\n')}\n`))
        connection.endCopyFrom()
      },
    })
    client.query(query)
  })
}
