/** Parameters of an algorithm or of a flow, by name. */
export type ParamValues = Readonly<Record<string, number | string | boolean>>
