// What an action of the strategy takes, or the new value of a parameter, being typed. No I/O.

import type { Action, ActionParameter, Command, JsonValue, Parameter } from '../protocol';
import { json } from '../figures/format';

/** What the strategy is told, and what may be typed for it. */
export type Form = { title: string; description: string; dangerous: boolean; parameters: ActionParameter[]; values: string[] };

/** Returns an empty form for an action: nothing stands for the default. */
export function formOfAction(action: Action): Form {
  const { name, description, dangerous, parameters } = action;
  return { title: name, description, dangerous, parameters, values: parameters.map(() => '') };
}

/** Returns a form for the new value of a parameter, in which its value stands. */
export function formOfParameter(parameter: Parameter): Form {
  const { name, kind, value, default: usual } = parameter;
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const same = JSON.stringify(value) === JSON.stringify(usual);
  const description = same ? `${kind}, its default is ${json(usual)}` : `${kind}, ${json(value)} now, ${json(usual)} by default`;
  return { title: `set ${name}`, description, dangerous: false, parameters: [{ name, kind }], values: [text] };
}

/** Returns what a parameter of an action is when nothing is typed. */
export function placeholder(parameter: ActionParameter): string {
  return parameter.default === undefined ? `${parameter.kind}, must be given` : `${parameter.kind}, else ${json(parameter.default)}`;
}

export type Read = { arguments: Record<string, JsonValue> } | { place: number; problem: string };

/** Returns what is typed as the strategy takes it, or the place of the value that is wrong, and why. */
export function read(form: Form): Read {
  const values: Record<string, JsonValue> = {};
  for (const [place, parameter] of form.parameters.entries()) {
    const typed = form.values[place] ?? '';
    if (typed.trim() === '' && parameter.default !== undefined) continue;
    if (typed.trim() === '' && parameter.kind !== 'str') return { place, problem: `${parameter.name} is needed` };
    const value = parse(parameter.kind, typed);
    if (value === undefined) return { place, problem: `${parameter.name} must be ${rule(parameter.kind)}, not \`${typed}\`` };
    values[parameter.name] = value;
  }
  return { arguments: values };
}

/** Returns what was typed as a value of a kind; undefined when it is none. */
export function parse(kind: string, typed: string): JsonValue | undefined {
  const text = typed.trim();
  switch (kind) {
    case 'str':
      return typed;
    case 'bool':
      return /^[tT]rue$/.test(text) ? true : /^[fF]alse$/.test(text) ? false : undefined;
    case 'int':
      return /^-?\d+$/.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : undefined;
    case 'float':
      return /^-?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$/.test(text) ? Number(text) : undefined;
    default:
      try {
        return JSON.parse(text) as JsonValue;
      } catch {
        // A list, a map, a number; what is no JSON is a text.
        return typed;
      }
  }
}

function rule(kind: string): string {
  return { bool: 'true or false', int: 'a whole number', float: 'a number' }[kind] ?? 'a text';
}

/** Returns the command that has the strategy do something. */
export function actionCommand(name: string, values: Record<string, JsonValue>): Command {
  return { action: { name, arguments: values } };
}

/** Returns the command that changes a parameter. */
export function parameterCommand(name: string, values: Record<string, JsonValue>): Command {
  return { set_parameter: { name, value: values[name] ?? '' } };
}
