import Bytes
import Configuration

/// A value with `$variables`, compiled at load time: plain-data parts over one buffer of literals, so that evaluating it
/// touches no enum payloads and no strings. An object, so that to hand it on is to count one reference.
public final class Template: Sendable {
    private struct Part: Sendable {
        enum Kind: UInt8, Sendable { case literal, variable, capture }
        let kind: Kind
        let low: Int32
        let high: Int32
    }

    private let literals: [UInt8]
    private let parts: [Part]
    private let variables: [VariableReader]
    /// The whole value, when it holds no variable.
    public let constant: FrozenBytes?
    /// Whether the value is the same for every request that gets the same stored response by the same location.
    public let dependsOnRequest: Bool

    /// A value without variables.
    public init(constant text: String) {
        literals = Array(text.utf8)
        parts = [Part(kind: .literal, low: 0, high: Int32(literals.count))]
        variables = []
        constant = FrozenBytes(literals)
        dependsOnRequest = false
    }

    init(_ syntax: TemplateSyntax, _ lookup: (String) throws(Diagnostic) -> VariableReader) throws(Diagnostic) {
        var literals: [UInt8] = []
        var parts: [Part] = []
        var variables: [VariableReader] = []
        var isConstant = true
        var dependsOnRequest = false
        for part in syntax.parts {
            switch part {
            case .literal(let text):
                let start = literals.count
                literals.append(contentsOf: Array(text.utf8))
                parts.append(Part(kind: .literal, low: Int32(start), high: Int32(literals.count)))
            case .variable(let name):
                let reader = try lookup(name)
                dependsOnRequest = dependsOnRequest || reader.dependsOnRequest
                parts.append(Part(kind: .variable, low: Int32(variables.count), high: 0))
                variables.append(reader)
                isConstant = false
            case .capture(let number):
                parts.append(Part(kind: .capture, low: Int32(number), high: 0))
                dependsOnRequest = true
                isConstant = false
            }
        }
        self.literals = literals
        self.parts = parts
        self.variables = variables
        self.dependsOnRequest = dependsOnRequest
        constant = isConstant ? FrozenBytes(literals) : nil
    }

    /// Appends the value for this request. A variable without a value adds nothing, or `missing`.
    public func append(to output: inout ByteString, _ context: RequestContext, missing: StaticString = "") {
        for part in parts {
            switch part.kind {
            case .literal: output.append(literals, Int(part.low)..<Int(part.high))
            case .capture: context.appendCapture(Int(part.low), to: &output)
            case .variable:
                if !variables[Int(part.low)].append(context, &output) { output.append(literal: missing) }
            }
        }
    }

    /// Appends each part by itself; `escape` makes the value of a variable harmless where it stands, from the given position
    /// to the end (log escaping). It is told whether the variable has a value.
    public func append(
        to output: inout ByteString, _ context: RequestContext, escaping escape: (inout ByteString, Int, Bool) -> Void
    ) {
        for part in parts {
            if part.kind == .literal {
                output.append(literals, Int(part.low)..<Int(part.high))
                continue
            }
            let start = output.count
            if part.kind == .capture {
                context.appendCapture(Int(part.low), to: &output)
                escape(&output, start, true)
                continue
            }
            let isFound = variables[Int(part.low)].append(context, &output)
            if !isFound || !variables[Int(part.low)].isPlain { escape(&output, start, isFound) }
        }
    }

    /// The value as an array of its own.
    public func value(_ context: RequestContext) -> [UInt8] {
        var output = ByteString()
        append(to: &output, context)
        return output.array
    }

    /// nginx's truth: neither empty nor "0" (`proxy_no_cache`, `if=`).
    public func isTrue(_ context: RequestContext) -> Bool {
        var scratch = context.takeScratch()
        append(to: &scratch, context)
        let result = !(scratch.isEmpty || (scratch.count == 1 && scratch[0] == UInt8(ascii: "0")))
        context.giveScratch(&scratch)
        return result
    }
}
