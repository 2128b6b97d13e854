import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { portHolder } from '../src/machine/port-holder.ts'
import { freePort, isFree, requireFreePorts } from '../src/machine/ports.ts'

describe('ports', () => {
  for (const host of ['127.0.0.1', '::1', '0.0.0.0', '::']) {
    it(`finds the process that listens on ${host}`, async () => {
      const port = await freePort()
      assert.equal(portHolder(port), null)
      const server = createServer().listen(port, host)
      await once(server, 'listening')
      try {
        assert.equal(await isFree(port), false)
        assert.equal(portHolder(port)?.pid, process.pid)
        assert.match(portHolder(port)!.command, /^node /)
      }
      finally {
        server.close()
      }
      await once(server, 'close')
      assert.equal(await isFree(port), true)
    })
  }

  it('names the process in one line, even with a multi-line command', async () => {
    const program = 'const { createServer } = require("node:net")\ncreateServer().listen(0, "127.0.0.1", function () { console.log(this.address().port) })'
    const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] })
    try {
      const [port] = await once(child.stdout, 'data') as [Buffer]
      assert.match(portHolder(Number(port))!.command, /^node -e const [^\n]+$/)
    }
    finally {
      child.kill('SIGKILL')
    }
  })

  it('names every taken port, its part, the process that holds it and a free port to use instead, in one line', async () => {
    const ports = { postgres: await freePort(), api: await freePort(), ui: await freePort() }
    const servers = [
      createServer().listen(ports.postgres, '127.0.0.1'),
      createServer().listen(ports.ui, '127.0.0.1'),
    ]
    await Promise.all(servers.map(server => once(server, 'listening')))
    try {
      await assert.rejects(requireFreePorts(ports), ({ message }: Error) => {
        assert.match(message, new RegExp(`^Port ${ports.postgres} \\(Postgres\\) is in use by pid ${process.pid} \\(node .*\\)\\. Port ${ports.ui} \\(console\\) .* use other ports: \`make up PORTS=auto\`\\.$`))
        return true
      })
    }
    finally {
      servers.forEach(server => server.close())
    }
  })
})
