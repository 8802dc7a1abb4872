import { dirname } from 'node:path'
import { getAsset } from 'node:sea'
import { execute, Plugin } from '@oclif/core'

/**
 * Entry of the single executable. oclif finds commands in files, and its `explicit` strategy loads every command to
 * run one; here there are no files, and only the command that is asked for is evaluated.
 * @param {Record<string, () => Promise<{ default: object }>>} loaders  one a command id
 */
export async function start(loaders) {
  const pjson = embeddedJson('package.json')
  const root = dirname(process.execPath)
  const plugin = new EmbeddedPlugin({ pjson, root, isRoot: true }, loaders)
  await plugin.load()
  await execute({ loadOptions: { pjson, root, plugins: new Map([[pjson.name, plugin]]) } })
}

class EmbeddedPlugin extends Plugin {
  #loaders

  constructor(options, loaders) {
    super(options)
    this.#loaders = loaders
  }

  async _manifest() {
    const manifest = embeddedJson('oclif.manifest.json')
    this.hasManifest = true
    this.commandIDs = Object.keys(manifest.commands)
    return manifest
  }

  async findCommand(id) {
    const command = (await this.#loaders[id]()).default
    return Object.assign(command, { id, plugin: this })
  }
}

function embeddedJson(key) {
  return JSON.parse(getAsset(key, 'utf8'))
}
