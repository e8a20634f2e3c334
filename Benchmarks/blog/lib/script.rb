# frozen_string_literal: true

# Makes one script of many files at each request: joins them, drops comments
# and needless white space. (The blogs this one stands for compiled CoffeeScript
# here; Debian 12 has no CoffeeScript compiler for Ruby.)
module Script
  DIRECTORY = File.expand_path('../assets/scripts', __dir__)

  # The JavaScript of the named folder, or nil if there is none.
  def self.assemble(name)
    folder = File.join(DIRECTORY, name)
    return nil unless name.match?(/\A[a-z]+\z/) && File.directory?(folder)

    parts = Dir.glob(File.join(folder, '*.js')).sort.map { |path| shorten(File.read(path)) }
    "(function () {\n\"use strict\";\n#{parts.join("\n")}\n}());\n"
  end

  # Whole-line comments, indentation and empty lines; no more, because a line
  # may hold a string that looks like a comment.
  def self.shorten(source)
    source.gsub(%r{^\s*/\*.*?\*/\s*$}m, '')
          .lines.map(&:strip)
          .reject { |line| line.empty? || line.start_with?('//') }
          .join("\n")
  end
end
