# frozen_string_literal: true

# Stylesheets and scripts, made at every request. No Cache-Control: a front that
# is to keep them has to be told.
module Theme
  def self.registered(app)
    app.get %r{/theme/([a-z]+)\.css} do |name|
      css = Stylesheet.compile(name) or not_found
      content_type 'text/css', charset: 'utf-8'
      css
    end

    app.get %r{/theme/([a-z]+)\.js} do |name|
      script = Script.assemble(name) or not_found
      content_type 'text/javascript', charset: 'utf-8'
      script
    end
  end
end
