import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseGuard } from '../../../src/pipeline/policy/guard.ts'
import { questionsOf, resolvePolicy } from '../../../src/pipeline/policy/policy.ts'
import { policyFileName, readPolicyFile } from '../../../src/pipeline/policy/policy-file.ts'
import { temporaryDirectory } from '../../helpers/run-recsys.ts'

describe('a policy', () => {
  test('is the plain one without flags and file: a lower RMSE wins', () => {
    expect(resolvePolicy({})).toEqual({
      metric: { metric: 'rmse', k: 10, lowerIsBetter: true },
      minGain: { value: 0, relative: false },
      confidence: undefined,
      guards: [],
      mustBeat: [],
    })
  })

  test('takes flags before the file, and the guards and rows of both', () => {
    const file = { metric: 'ndcg@20', minGain: '1%', guards: ['coverage >= -5%'], mustBeat: ['bias'] }
    const policy = resolvePolicy(
      { metric: 'ndcg@5', guards: ['rmse <= 1%'], mustBeat: ['popularity', 'bias'] },
      file,
    )
    expect(policy).toMatchObject({
      metric: { metric: 'ndcg@5' },
      minGain: { value: 0.01, relative: true },
      guards: [{ measure: 'coverage@5' }, { measure: 'rmse' }],
      mustBeat: ['bias', 'popularity'],
    })
  })

  test('asks for every length of list that it names, and for AUC only where it is named', () => {
    const policy = resolvePolicy({ metric: 'ndcg@20', guards: ['recall@50 >= -1%', 'auc >= 0.6'] })
    expect(questionsOf(policy)).toEqual({ ks: [20, 50], auc: true })
    expect(questionsOf(resolvePolicy({}))).toEqual({ ks: [10], auc: false })
  })

  test.each([
    [{ metric: 'accuracy' }, 'rmse, mae, auc or one of ndcg'],
    [{ minGain: 'much' }, 'a number from 0 up'],
    [{ confidence: '2' }, 'from 0.5 to below 1'],
    [{ metric: 'coverage@10', confidence: '0.95' }, 'rmse, mae, auc, ndcg@k'],
    [{ mustBeat: ['everybody'] }, 'popularity, bias, globalMean'],
    [{ guards: ['quality >= 1'] }, 'rmse, mae, auc, ndcg@k'],
  ])('%j is refused with what it may be', (texts, message) => {
    const refused = expect.objectContaining({
      code: 'RECSYS_USAGE',
      message: expect.stringContaining(message),
    })
    expect(() => resolvePolicy(texts)).toThrow(refused)
  })
})

describe('a guard', () => {
  test.each([
    [
      'ndcg@10 >= -1%',
      { measure: 'ndcg@10', operator: '>=', bound: -0.01, relative: true, source: 'metric' },
    ],
    ['coverage>=-5%', { measure: 'coverage@10', bound: -0.05, relative: true }],
    ['rmse < 0.9', { measure: 'rmse', operator: '<', bound: 0.9, relative: false }],
    ['p95LatencyMs <= 50', { measure: 'p95LatencyMs', bound: 50, source: 'load test' }],
    ['requestsPerSecond >= 100', { measure: 'requestsPerSecond', source: 'load test' }],
  ])('%j is read', (text, expected) => {
    expect(parseGuard(text, 10)).toMatchObject(expected)
  })

  test.each([
    ['ndcg@10', 'MEASURE >= BOUND'],
    ['ndcg@10 = 3', 'MEASURE >= BOUND'],
    ['ndcg@10 >= x', 'MEASURE >= BOUND'],
    ['ndcg@0 >= 1', 'of an attached load test p50LatencyMs'],
    ['p96LatencyMs <= 50', 'of an attached load test p50LatencyMs'],
    ['constructor >= 1', 'of an attached load test p50LatencyMs'],
    ['rmse >= -1%', 'rmse is better when it is lower'],
    ['ndcg@10 <= 5%', 'ndcg@10 is better when it is higher'],
    ['p95LatencyMs >= 50', 'p95LatencyMs is better when it is lower'],
  ])('%j is refused with what it may be', (text, message) => {
    const refused = expect.objectContaining({
      code: 'RECSYS_USAGE',
      field: 'guard',
      message: expect.stringContaining(message),
    })
    expect(() => parseGuard(text, 10)).toThrow(refused)
  })
})

describe('a policy file', () => {
  function fileWith(text: string): string {
    const dataDir = temporaryDirectory()
    writeFileSync(join(dataDir, policyFileName), text)
    return dataDir
  }

  test('may be missing, unless it was named', async () => {
    const dataDir = temporaryDirectory()
    expect(await readPolicyFile(dataDir)).toEqual({})
    await expect(readPolicyFile(dataDir, join(dataDir, 'policy.json'))).rejects.toMatchObject({
      code: 'RECSYS_POLICY_INVALID',
      exitCode: 4,
    })
  })

  test('gives its texts, numbers as texts', async () => {
    const dataDir = fileWith(
      '{"metric": "mae", "minGain": 0.01, "confidence": 0.9, "guards": ["rmse <= 1%"]}',
    )
    expect(await readPolicyFile(dataDir)).toEqual({
      metric: 'mae',
      minGain: '0.01',
      confidence: '0.9',
      mustBeat: undefined,
      guards: ['rmse <= 1%'],
    })
  })

  test.each([
    ['{"gaurds": []}', 'the key "gaurds", expected metric, minGain, confidence, mustBeat, guards'],
    ['{"__proto__": 1}', 'the key "__proto__"'],
    ['{"metric": 3}', '3 for metric, expected a text'],
    ['{"minGain": true}', 'true for minGain, expected a number'],
    ['{"guards": "rmse <= 1%"}', 'for guards, expected a list of texts'],
    ['{"mustBeat": [1]}', 'for mustBeat, expected a list of texts'],
    ['[]', 'is not a JSON object'],
    ['null', 'is not a JSON object'],
    ['{"metric": ', 'is not JSON'],
    ['', 'is not JSON'],
  ])('%j is refused with what is wrong', async (text, message) => {
    await expect(readPolicyFile(fileWith(text))).rejects.toMatchObject({
      code: 'RECSYS_POLICY_INVALID',
      message: expect.stringContaining(message),
    })
  })
})
