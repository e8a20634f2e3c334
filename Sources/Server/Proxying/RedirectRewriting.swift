import Bytes
import HTTP

/// `proxy_redirect`: addresses of the upstream in Location and Refresh become the front's own.
public enum RedirectRewriting {
    /// Appends Refresh's value (`5; url=http://…`), rewritten behind "url=".
    public static func appendRefresh(
        _ value: Span<UInt8>, _ context: RequestContext, _ plan: ProxyPlan, to output: inout ByteString
    ) {
        guard let start = addressStart(value) else {
            output.append(value)
            return
        }
        output.append(value.extracting(0..<start))
        let address = value.extracting(start..<value.count)
        if !rewrite(address, context, plan, to: &output) { output.append(address) }
    }

    private static func addressStart(_ value: Span<UInt8>) -> Int? {
        guard value.count >= 4 else { return nil }
        for start in 0...(value.count - 4) where value.extracting(start..<(start + 4)).equalsIgnoringCase("url=") {
            return start + 4
        }
        return nil
    }

    /// The first rule that fits: appends what it makes of the address. False when none fits.
    public static func rewrite(
        _ address: Span<UInt8>, _ context: RequestContext, _ plan: ProxyPlan, to output: inout ByteString
    ) -> Bool {
        for rule in plan.options.redirects {
            let start = output.count
            switch rule.match {
            case .prefix(let template):
                var prefix = context.takeScratch()
                template.append(to: &prefix, context)
                let count = prefix.count
                let fits = address.hasPrefix(prefix.span)
                context.giveScratch(&prefix)
                guard fits else { continue }
                rule.replacement.append(to: &output, context)
                clean(&output, from: start)
                output.append(address.extracting(count..<address.count))
                return true
            case .pattern(let pattern):
                guard matches(pattern, address.array, context) else { continue }
                rule.replacement.append(to: &output, context)
                clean(&output, from: start)
                return true
            }
        }
        return false
    }

    /// A match that had to be given up is none: the address stays as it is.
    private static func matches(_ pattern: NamePattern, _ subject: [UInt8], _ context: RequestContext) -> Bool {
        do throws(RequestFailure) {
            return try context.match(pattern, subject)
        } catch {
            return false
        }
    }

    /// A variable can hold any byte: those that would end a line become spaces.
    private static func clean(_ output: inout ByteString, from start: Int) {
        for index in start..<output.count where output[index] < 0x20 { output[index] = ASCII.space }
    }
}
