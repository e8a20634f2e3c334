# frozen_string_literal: true

require 'sassc'

# Compiles a stylesheet each time it is asked for, and keeps nothing: the blog
# engines this one stands for did so, and it is what makes a cache worth having.
module Stylesheet
  DIRECTORY = File.expand_path('../assets/styles', __dir__)

  # The CSS of the named SCSS file, or nil if there is none.
  def self.compile(name)
    path = File.join(DIRECTORY, "#{name}.scss")
    return nil unless name.match?(/\A[a-z]+\z/) && File.file?(path)

    SassC::Engine.new(File.read(path), syntax: :scss, style: :compressed, load_paths: [DIRECTORY]).render
  end
end
