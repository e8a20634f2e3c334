import Bytes
import HTTP

/// Which field lines of a response are kept (RFC 9111 §3.1), and how a 304 changes them (§3.2).
public enum StoredFields {
    /// The lines of `head` that may be stored: all but those that belong to the connection, the framing, and Age, which is
    /// computed anew for every reader.
    /// `keepingLength`: of the answer to a HEAD, whose Content-Length is not that of a body stored here.
    public static func select(from head: ResponseHead, omittingSetCookie: Bool, keepingLength: Bool = false) -> Fields {
        var fields = Fields()
        for slot in head.slots {
            let isKept = keepingLength && slot.name == .contentLength
            if !isKept, isOfConnection(slot.name) || isNominated(slot, head) { continue }
            if omittingSetCookie, slot.name == .setCookie { continue }
            fields.append(interned: slot.name, spelledAs: head.spelling(slot), head.value(slot))
        }
        return fields
    }

    /// The stored fields after a 304 has confirmed them: every field that it carries replaces the stored lines of that name,
    /// but those that describe the body stored here. Date is the new one, or none: an old one would age the response.
    public static func update(_ stored: Fields, by confirmation: ResponseHead, omittingSetCookie: Bool) -> Fields {
        var result = Fields()
        for slot in stored.slots {
            if slot.name == .date || isReplaced(slot, of: stored, by: confirmation) { continue }
            result.append(interned: slot.name, spelledAs: stored.spelling(slot), stored.value(slot))
        }
        for slot in confirmation.slots {
            if isOfConnection(slot.name) || isNominated(slot, confirmation) || describesBody(slot.name) { continue }
            if omittingSetCookie, slot.name == .setCookie { continue }
            result.append(interned: slot.name, spelledAs: confirmation.spelling(slot), confirmation.value(slot))
        }
        return result
    }

    private static func isReplaced(_ slot: FieldSlot, of stored: Fields, by confirmation: ResponseHead) -> Bool {
        if describesBody(slot.name) { return false }
        for other in confirmation.slots where other.name == slot.name {
            if slot.name != .other || stored.isNamed(slot, confirmation.spelling(other)) { return true }
        }
        return false
    }

    /// RFC 9111 §3.2: not updated by a 304, for they belong to the body at hand.
    private static func describesBody(_ name: FieldName) -> Bool {
        name == .contentLength || name == .contentEncoding || name == .contentType || name == .contentRange
    }

    private static func isOfConnection(_ name: FieldName) -> Bool {
        switch name {
        case .contentLength, .age, .proxyAuthenticate, .proxyAuthorization: true
        default: HopByHop.isConnectionSpecific(name)
        }
    }

    /// Whether Connection names the field (RFC 9110 §7.6.1).
    private static func isNominated(_ slot: FieldSlot, _ head: ResponseHead) -> Bool {
        for line in head.slots where line.name == .connection {
            if HopByHop.isNamed(head.spelling(slot), byConnection: head.value(line)) { return true }
        }
        return false
    }
}
