/// Numbers as people read them.
public enum Figures {
    /// `value` with `places` digits after the point.
    public static func decimal(_ value: Double, places: Int) -> String {
        guard value.isFinite, value.magnitude < 1e15 else { return "-" }
        var scale = 1
        for _ in 0..<places { scale *= 10 }
        let scaled = Int((value.magnitude * Double(scale)).rounded())
        let sign = value < 0 && scaled > 0 ? "-" : ""
        guard places > 0 else { return sign + String(scaled) }
        let fraction = String(scaled % scale)
        return sign + String(scaled / scale) + "." + String(repeating: "0", count: places - fraction.utf8.count) + fraction
    }

    /// Nanoseconds, with four significant digits: `12.34 ms`.
    public static func duration(_ nanoseconds: Int) -> String {
        let value = Double(nanoseconds)
        switch nanoseconds {
        case ..<1_000: return "\(nanoseconds) ns"
        case ..<1_000_000: return scaled(value / 1e3) + " µs"
        case ..<1_000_000_000: return scaled(value / 1e6) + " ms"
        default: return scaled(value / 1e9) + " s"
        }
    }

    private static func scaled(_ value: Double) -> String {
        decimal(value, places: value < 10 ? 3 : value < 100 ? 2 : value < 1_000 ? 1 : 0)
    }

    /// `1,234,567`.
    public static func count(_ value: Int) -> String {
        let digits = Array(String(value.magnitude))
        var text = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { text.append(",") }
            text.append(digit)
        }
        return value < 0 ? "-" + text : text
    }

    /// Bytes: `12.3 MB` (powers of ten).
    public static func bytes(_ value: Double) -> String {
        switch value {
        case ..<1_000: decimal(value, places: 0) + " B"
        case ..<1e6: scaled(value / 1e3) + " kB"
        case ..<1e9: scaled(value / 1e6) + " MB"
        default: scaled(value / 1e9) + " GB"
        }
    }

    /// `0.987` as `98.7 %`.
    public static func percent(_ share: Double) -> String { decimal(share * 100, places: 1) + " %" }
}
